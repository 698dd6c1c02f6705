// What leads from the present policy to what owners want.
#ifndef FWAGENT_AGENT_CORE_DESIRED_PLAN_H_
#define FWAGENT_AGENT_CORE_DESIRED_PLAN_H_

#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/core/clocks.h"
#include "agent/core/plan.h"
#include "agent/core/set_step.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule_set.h"

namespace fwagent::core {

struct DesiredSteps {
  std::vector<Step> steps;
  std::vector<SetStep> set_steps;
};

// None where everything is as it is wanted. A rule whose end or comment is
// another one stays the same rule, and so does an ordered rule that is judged
// at another place. Ends that differ by less than two seconds are the same.
// Of a rule that is wanted twice the later end counts. INVALID_ARGUMENT: an
// owner or a set is given twice, or an end is too far away.
// FAILED_PRECONDITION: a set belongs to another owner. RESOURCE_EXHAUSTED: too
// much for the kernel's tables. FieldOfDesired says what an error is about.
absl::StatusOr<DesiredSteps> PlanDesired(
    const std::vector<DesiredPolicy>& wanted, const policy::RuleSet& rules,
    const policy::SetTable& sets, const SourceCapacity& capacity,
    const Moment& now);

// "documents[0].rules[7]"; empty where the error is about nothing of that kind.
std::string FieldOfDesired(const absl::Status& status);

// What the steps come to, for the answer: rules in their order, then each set
// once.
std::vector<RuleChange> RuleChangesOf(const std::vector<Step>& steps);
std::vector<SetChange> SetChangesOf(const std::vector<SetStep>& steps);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_DESIRED_PLAN_H_
