// The validation of a change: what it comes to under the present rules.
#ifndef FWAGENT_AGENT_CORE_PLAN_H_
#define FWAGENT_AGENT_CORE_PLAN_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/policy/prefix.h"
#include "agent/policy/rule.h"
#include "agent/policy/rule_set.h"

namespace fwagent::core {

// Room in the kernel's tables, by family.
using SourceCapacity = std::array<std::uint64_t, policy::kFamilies>;

// One rule that is added, without id and time, or removed.
struct Step {
  Edit::Kind kind = Edit::Kind::kBlock;
  policy::Rule rule;
};

// "block", "unblock".
const char* KindName(Edit::Kind kind);

// One step for each edit that changes something, in their order.
// INVALID_ARGUMENT: no edits, two for one match, or several that are not all
// for sources. ALREADY_EXISTS, NOT_FOUND: the rule is, or is not, there.
// RESOURCE_EXHAUSTED: the kernel's table would be too full.
absl::StatusOr<std::vector<Step>> PlanChange(const Change& change,
                                             const policy::RuleSet& rules,
                                             const SourceCapacity& capacity);

// Equal for changes with the same content; at most some hundred bytes.
std::string Fingerprint(const Change& change);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_PLAN_H_
