#include "agent/policy/covering_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "agent/policy/source_claims.h"

namespace fwagent::policy {

CoveringRules::CoveringRules(const std::vector<SourceRule>& rules)
    : rules_(rules) {
  for (const SourceRule& rule : rules) {
    lengths_[static_cast<std::size_t>(rule.prefix.family())].set(
        rule.prefix.length());
  }
}

SourceMeaning CoveringRules::MeaningOf(const Prefix& host) const {
  const auto& lengths = lengths_[static_cast<std::size_t>(host.family())];
  SourceMeaning meaning;
  for (int length = 0; length <= host.length(); ++length) {
    if (!lengths.test(static_cast<std::size_t>(length))) continue;
    const SourceRule wanted{
        .prefix = host.Shortened(static_cast<std::uint8_t>(length))};
    const auto found =
        std::lower_bound(rules_.begin(), rules_.end(), wanted, ByAddress);
    if (found == rules_.end() || found->prefix != wanted.prefix) continue;
    meaning = Narrow(meaning, *found);
  }
  return meaning;
}

}  // namespace fwagent::policy
