// The way back to an earlier generation.
#ifndef FWAGENT_AGENT_CORE_ROLLBACK_H_
#define FWAGENT_AGENT_CORE_ROLLBACK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/clocks.h"
#include "agent/core/plan.h"
#include "agent/core/set_step.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule_set.h"
#include "agent/store/store.h"

namespace fwagent::core {

// What leads back from each generation between the present one and `to`, the
// present one first. INVALID_ARGUMENT: it is not an earlier one;
// FAILED_PRECONDITION: not all of that is still kept.
absl::StatusOr<std::vector<store::UndoableEntry>> ReadWayBack(
    store::Store& store, std::uint64_t present, std::uint64_t to);

// Rules as they shall be, or not at all.
using RulesThen = std::map<policy::RuleId, std::optional<policy::Rule>>;
// Sets likewise, beside what they are now.
struct SetThen {
  std::shared_ptr<policy::NamedSet> now;
  std::shared_ptr<policy::NamedSet> then;  // a copy that is changed
};
using SetsThen = std::map<policy::RuleId, SetThen>;

// What leads there. A rule or entry that would have ended is not
// made.
std::vector<Step> StepsTo(const RulesThen& then, const policy::RuleSet& present,
                          const Moment& now);
std::vector<SetStep> StepsTo(SetsThen then, const Moment& now);

struct RollbackSteps {
  std::vector<Step> steps;
  std::vector<SetStep> set_steps;
};

// What that comes to under the present rules and sets. What has ended meanwhile
// stays ended.
RollbackSteps PlanRollback(const std::vector<store::UndoableEntry>& way_back,
                           const policy::RuleSet& rules,
                           const policy::SetTable& sets, const Moment& now,
                           const std::string& boot_id);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_ROLLBACK_H_
