#include "agent/policy/source_claims.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <tuple>
#include <utility>

namespace fwagent::policy {

void SourceClaims::Add(SourceVerdict verdict, RuleId id, Deadline until) {
  Claim& claim = verdict == SourceVerdict::kAllow ? allow_ : block_;
  const bool first_of_equals = until == claim.until && id < claim.id;
  if (until > claim.until || first_of_equals) claim = {until, id};
}

SourceRule SourceClaims::Together() const {
  SourceRule rule{.prefix = prefix_,
                  .id = block_.id,
                  .verdict = SourceVerdict::kBlock,
                  .until = block_.until};
  if (allow_.until == kNever) return rule;
  rule.verdict = SourceVerdict::kAllow;
  rule.id = allow_.id;
  rule.until = allow_.until;
  if (block_.until > allow_.until) {
    rule.block_until = block_.until;
    rule.block_id = block_.id;
  }
  return rule;
}

bool ByAddress(const SourceRule& a, const SourceRule& b) {
  const auto order = [](const Prefix& prefix) {
    return std::make_tuple(prefix.family(), std::cref(prefix.address()),
                           prefix.length());
  };
  return order(a.prefix) < order(b.prefix);
}

namespace {

// The runs' heads, from the first run on.
class Merge {
 public:
  explicit Merge(const std::vector<std::vector<SourceRule>>& runs)
      : runs_(runs), at_(runs.size(), 0) {}

  // The first prefix that is left; null at the end.
  const SourceRule* First() const {
    const SourceRule* first = nullptr;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const SourceRule* head = Head(i);
      if (head == nullptr) continue;
      if (first == nullptr || ByAddress(*head, *first)) first = head;
    }
    return first;
  }

  // Every claim to that prefix.
  SourceRule Take(const Prefix& prefix) {
    SourceClaims claims(prefix);
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      for (const SourceRule* head = Head(i);
           head != nullptr && head->prefix == prefix; head = Head(i)) {
        claims.Add(head->verdict, head->id, head->until);
        ++at_[i];
      }
    }
    return claims.Together();
  }

 private:
  const SourceRule* Head(std::size_t run) const {
    return at_[run] < runs_[run].size() ? &runs_[run][at_[run]] : nullptr;
  }

  const std::vector<std::vector<SourceRule>>& runs_;
  std::vector<std::size_t> at_;
};

}  // namespace

std::vector<SourceRule> MergeClaims(std::vector<std::vector<SourceRule>> runs) {
  std::erase_if(runs, [](const auto& run) { return run.empty(); });
  const auto same = [](const SourceRule& a, const SourceRule& b) {
    return a.prefix == b.prefix;
  };
  if (runs.size() == 1 && std::adjacent_find(runs[0].begin(), runs[0].end(),
                                             same) == runs[0].end()) {
    return std::move(runs.front());
  }
  std::vector<SourceRule> rules;
  std::size_t size = 0;
  for (const auto& run : runs) size += run.size();
  rules.reserve(size);
  Merge merge(runs);
  for (const SourceRule* first = merge.First(); first != nullptr;
       first = merge.First()) {
    rules.push_back(merge.Take(Prefix(first->prefix)));
  }
  return rules;
}

}  // namespace fwagent::policy
