// What becomes of one set by a change, for answers, disk and list.
#ifndef FWAGENT_AGENT_CORE_SET_STEP_H_
#define FWAGENT_AGENT_CORE_SET_STEP_H_

#include <cstdint>
#include <memory>

#include "agent/policy/named_set.h"
#include "agent/policy/set_entries.h"
#include "agent/store/store.h"

namespace fwagent::core {

struct SetStep {
  std::shared_ptr<policy::NamedSet> before;  // null: it is made
  // Null: it is deleted. The same as before when it changes in place, by one
  // entry or by few that have ended; which is done when the change is
  // acknowledged: before that, `before` is as it was.
  std::shared_ptr<policy::NamedSet> after;
  // How the entries change; not filled in where all of them come or go.
  policy::SetDifference difference = {};
  // Of a step that only takes out what has ended: when the last of that did.
  policy::Deadline ended_by = policy::kNever;
  // As in policy::SetOutcome.
  std::uint64_t size = 0;
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;

  bool in_place() const { return before == after; }
  bool only_ends() const { return ended_by != policy::kNever; }
};

// Fills in the numbers of a step that is complete otherwise; what has ended at
// `now` does not count, but in a step that takes it out.
void CountEntries(policy::Deadline now, SetStep& step);

// Of a step that is counted: not when all that goes has ended, which is for a
// step of its own.
bool ChangesSomething(const SetStep& step);

// Of a step that neither makes nor deletes a set: whether so many entries
// change that writing all is cheaper than many small pieces.
bool ChangesMuch(const SetStep& step);

// What the disk is to hold after the step, and what takes that back.
store::SetDelta DeltaOf(const SetStep& step);
store::SetDelta InverseOf(const SetStep& step);

// What the answer says of the step, with the set as it is afterwards.
policy::SetOutcome OutcomeOf(const SetStep& step);

// Makes the sets agree with a step that was published.
void ApplyStep(const SetStep& step, policy::SetTable& sets);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_SET_STEP_H_
