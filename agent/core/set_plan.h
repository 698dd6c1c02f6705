// The validation of changes of sets: what they come to under the present ones.
#ifndef FWAGENT_AGENT_CORE_SET_PLAN_H_
#define FWAGENT_AGENT_CORE_SET_PLAN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/policy/named_set.h"
#include "agent/policy/set_entries.h"
#include "agent/store/store.h"

namespace fwagent::core {

// What becomes of one set.
struct SetStep {
  std::shared_ptr<policy::NamedSet> before;  // null: it is made
  // Null: it is deleted. The same as before when one entry changes in place,
  // which is done when the change is acknowledged; before that, `before` is as
  // it was.
  std::shared_ptr<policy::NamedSet> after;
  // How the entries change; not filled in where all of them come or go.
  policy::SetDifference difference;

  bool in_place() const { return before == after; }
};

// One step for each edit that changes something, in their order; new sets have
// no id and no creation time. INVALID_ARGUMENT: two edits of one set.
// ALREADY_EXISTS, NOT_FOUND: the set, or an entry, is or is not there.
absl::StatusOr<std::vector<SetStep>> PlanSets(const Change& change,
                                              const policy::SetTable& sets);

// NOT_FOUND, and what to do.
absl::Status NoSuchSet(const std::string& name);

// What the disk is to hold after the step, and what takes that back.
store::SetDelta DeltaOf(const SetStep& step);
store::SetDelta InverseOf(const SetStep& step);

// What the answer says of the step, with the set as it is afterwards.
policy::SetOutcome OutcomeOf(const SetStep& step);

// Makes the sets agree with a step that was published.
void ApplyStep(const SetStep& step, policy::SetTable& sets);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_SET_PLAN_H_
