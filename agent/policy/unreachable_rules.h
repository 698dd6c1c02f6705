// Ordered rules that never decide anything, as one before them always does.
#ifndef FWAGENT_AGENT_POLICY_UNREACHABLE_RULES_H_
#define FWAGENT_AGENT_POLICY_UNREACHABLE_RULES_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "agent/policy/packet_match.h"
#include "agent/policy/rule.h"

namespace fwagent::policy {

struct JudgedRule {
  PacketMatch match;
  Action action = Action::kDrop;
  absl::Time until = absl::InfiniteFuture();
};

// For each rule, in the order in which they are judged, the first one before it
// that decides every packet that it matches, as long as it lasts. Of several
// rules that only together leave it nothing, none is named; and where long
// lists would have to be compared millions of times, not all are looked at.
std::vector<std::optional<std::size_t>> FindUnreachable(
    const std::vector<JudgedRule>& rules);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_UNREACHABLE_RULES_H_
