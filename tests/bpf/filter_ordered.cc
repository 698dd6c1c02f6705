// What of the program under test is about ordered rules.
#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"
#include "bpf/fw_rules.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {

absl::StatusOr<policy::OrderedRules> OrderedOf(const Rules& rules) {
  policy::OrderedRules ordered;
  for (const std::string& text : rules.ordered) {
    const std::string action = text.substr(0, text.find(' '));
    FW_ASSIGN_OR_RETURN(policy::PacketMatch match,
                        policy::PacketMatch::Parse(text.substr(action.size()),
                                                   policy::kDefaultOrder));
    policy::OrderedRule rule{.id = ordered.rules.size() + 1,
                             .match = std::move(match)};
    for (const policy::Action one : policy::kActions) {
      if (policy::ActionName(one) == action) rule.action = one;
    }
    ordered.rules.push_back(std::move(rule));
  }
  for (const auto& [name, prefixes] : rules.sets) {
    for (const std::string& text : prefixes) {
      FW_ASSIGN_OR_RETURN(const policy::Prefix prefix,
                          policy::Prefix::Parse(text));
      ordered.sets[name].push_back(prefix);
    }
  }
  return ordered;
}

absl::Status Filter::SetOrdered(const policy::OrderedRules& rules,
                                const std::vector<std::string>& interfaces) {
  if (rules == live_ordered_ && interfaces == live_interfaces_) {
    return absl::OkStatus();
  }
  FW_RETURN_IF_ERROR(sources_->Replace(nullptr, &rules, interfaces, 0));
  live_ordered_ = rules;
  live_interfaces_ = interfaces;
  return absl::OkStatus();
}

absl::Status Filter::ForgetBuckets() {
  std::vector<std::uint32_t> keys(FW_BUCKET_LINES);
  std::iota(keys.begin(), keys.end(), 0);
  const std::vector<fw_bucket_line> empty(FW_BUCKET_LINES);
  std::uint32_t count = FW_BUCKET_LINES;
  if (bpf_map_update_batch(bpf_map__fd(skeleton_->maps.fw_buckets), keys.data(),
                           empty.data(), &count, nullptr) == 0) {
    return absl::OkStatus();
  }
  return util::ErrnoToStatus(errno, "forget buckets");
}

}  // namespace fwagent::testing
