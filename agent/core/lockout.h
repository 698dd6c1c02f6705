// Changes that would cut off those who must get in.
#ifndef FWAGENT_AGENT_CORE_LOCKOUT_H_
#define FWAGENT_AGENT_CORE_LOCKOUT_H_

#include <vector>

#include "absl/status/status.h"
#include "agent/core/lifeline.h"
#include "agent/core/sources.h"
#include "agent/policy/deadline.h"

namespace fwagent::core {

// FAILED_PRECONDITION, reason LOCKOUT, names the first whose packets pass now
// and would be dropped after the change, and what would drop them. Who is
// dropped already is not cut off by it.
absl::Status CheckLockout(const std::vector<Lifeline>& lifelines,
                          const PlannedChange& change, bool drops_by_default,
                          policy::Deadline now);

// The same of one who was not judged before, and is from now on.
absl::Status CheckJudged(const Lifeline& lifeline, const policy::RuleSet& rules,
                         const policy::SetTable& sets, bool drops_by_default,
                         policy::Deadline now);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_LOCKOUT_H_
