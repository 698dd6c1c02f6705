// The validation of changes of sets: what they come to under the present ones.
#ifndef FWAGENT_AGENT_CORE_SET_PLAN_H_
#define FWAGENT_AGENT_CORE_SET_PLAN_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/core/clocks.h"
#include "agent/core/set_step.h"
#include "agent/policy/named_set.h"

namespace fwagent::core {

// One step for each edit that changes something, in their order; new sets have
// no id and no creation time. Entries that have ended count as absent.
// INVALID_ARGUMENT: two edits of one set, or an ending that cannot be.
// ALREADY_EXISTS, NOT_FOUND: the set, or an entry, is or is not there.
absl::StatusOr<std::vector<SetStep>> PlanSets(const Change& change,
                                              const policy::SetTable& sets,
                                              const Moment& now);

// NOT_FOUND, and what to do.
absl::Status NoSuchSet(const std::string& name);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_SET_PLAN_H_
