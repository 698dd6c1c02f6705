// What the steps of one change come to, for answers, disk and log.
#ifndef FWAGENT_AGENT_CORE_STEPS_H_
#define FWAGENT_AGENT_CORE_STEPS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/core/change.h"
#include "agent/core/plan.h"
#include "agent/core/set_plan.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule.h"
#include "agent/policy/rule_set.h"
#include "agent/store/store.h"

namespace fwagent::core {

// The rule that a step takes away, or puts another in the place of.
std::optional<policy::RuleId> RemovedBy(const Step& step);

std::vector<policy::Rule> RulesOf(const std::vector<Step>& steps);
std::vector<policy::SetOutcome> OutcomesOf(const std::vector<SetStep>& steps);

// What leads to the policy after the steps, and what leads back from it. Ids
// are not given again, but what was taken away comes back with its own.
store::PolicyDelta WayThere(const std::vector<Step>& steps,
                            const std::vector<SetStep>& set_steps);
store::PolicyDelta WayBack(const std::vector<Step>& steps,
                           const std::vector<SetStep>& set_steps);
// The same for the history: without entries of sets that had ended, which stay
// so, and may be a million.
store::PolicyDelta LastingWayBack(const std::vector<Step>& steps,
                                  const std::vector<SetStep>& set_steps);

// "block source 192.0.2.0/24", "2 rules have ended", "set drop: 1 in, 0 out".
std::string Summary(const Change& change, const std::vector<Step>& steps,
                    const std::vector<SetStep>& set_steps);

// Makes the rules agree with steps that were taken.
void ApplySteps(const std::vector<Step>& steps, policy::RuleSet& rules);

// What is kept of the generation behind the one with this etag.
store::UndoableEntry HistoryOf(const Change& change,
                               const std::vector<Step>& steps,
                               const std::vector<SetStep>& set_steps,
                               std::uint64_t generation,
                               const std::string& etag_before, absl::Time now);

// The etag of a policy: a hash of all that led to it. `entry` lacks it.
std::string NextEtag(const std::string& before,
                     const store::HistoryEntry& entry);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_STEPS_H_
