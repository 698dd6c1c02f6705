// A change that is taken back unless it is confirmed in time.
#ifndef FWAGENT_AGENT_CORE_CONFIRMATION_H_
#define FWAGENT_AGENT_CORE_CONFIRMATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/core/change.h"
#include "agent/core/clocks.h"
#include "agent/core/plan.h"
#include "agent/core/rollback.h"
#include "agent/core/set_plan.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule_set.h"
#include "agent/store/unconfirmed.h"

namespace fwagent::core {

// How long one may wait for its confirmation.
inline constexpr absl::Duration kShortestConfirmation = absl::Seconds(1);
inline constexpr absl::Duration kLongestConfirmation = absl::Hours(24);

// What is kept of a change with `confirm_within` whose steps have their ids.
store::PendingChange PendingOf(const Change& change,
                               const std::vector<Step>& steps,
                               const std::vector<SetStep>& set_steps,
                               std::uint64_t generation, const Moment& now,
                               const std::string& boot_id);

bool IsOverdue(const Unconfirmed& what, const Moment& now);
// The change that takes it back.
Change TakeBackOf(const Unconfirmed& what);

// What that comes to under the present rules and sets, which others may have
// changed meanwhile: what they did stays. `same_boot`: deadlines in `back` are
// those of this run of the host.
RollbackSteps PlanTakeBack(const store::TakeBack& back,
                           const policy::RuleSet& rules,
                           const policy::SetTable& sets, const Moment& now,
                           bool same_boot);

// Makes all times in it those of this run of the host and of the wall clock as
// it is set now. `rules` are the present ones, `refreshed` those of them that
// are being made so. False if nothing had to be changed.
bool Refresh(const Moment& now, const std::string& boot_id,
             const policy::RuleSet& rules,
             const std::vector<policy::Rule>& refreshed,
             store::PendingChange& pending);

// "until 2026-11-23T12:00:00Z, by the host's clock".
std::string ConfirmByText(const Unconfirmed& what, const Moment& now);

// FAILED_PRECONDITION: one at a time.
absl::Status WaitsAlready(const Unconfirmed& what, const Moment& now);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_CONFIRMATION_H_
