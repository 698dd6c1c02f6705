// When something ends: from what was asked for to deadlines, and from one run
// of the host, or one setting of its clock, to the next.
#ifndef FWAGENT_AGENT_CORE_EXPIRY_H_
#define FWAGENT_AGENT_CORE_EXPIRY_H_

#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/core/clocks.h"
#include "agent/policy/rule.h"

namespace fwagent::core {

// How long a rule is wanted: for ever, for so long, or until the wall clock
// says so.
using Ending = std::variant<std::monostate, absl::Duration, absl::Time>;

// Ten years, and the leap days in them.
inline constexpr absl::Duration kLongestRule = absl::Hours(24 * 3653);

// As the store keeps times.
absl::Time WholeMicros(absl::Time time);

// How long that is from now on; infinite for ever. INVALID_ARGUMENT, without
// the name of the field: it is not ahead of us, or too far.
absl::StatusOr<absl::Duration> LengthOf(const Ending& ending,
                                        const Moment& now);

// Gives the rule its end; errors as above.
absl::Status SetEnding(const Ending& ending, const Moment& now,
                       policy::Rule& rule);

// The deadline of an earlier run of the host becomes one of this run. What is
// left is told by the wall clock, but is never more than the whole length of
// the rule: so a clock that stands before the rule's creation lifts no block,
// and makes none eternal.
void MoveToThisBoot(const Moment& now, policy::Rule& rule);

// The same for anything that began and ends at these times.
policy::Deadline DeadlineInThisBoot(const Moment& now, absl::Time begin,
                                    absl::Time end);

// The deadline on the wall clock as it is set now. To the microsecond the same
// as before while nobody has set that clock, by a second or more.
absl::Time PresentExpireTime(const policy::Rule& rule, const Moment& now);
// The same for a deadline that was at the time `known` before.
absl::Time PresentTime(policy::Deadline until, absl::Time known,
                       const Moment& now);

// Makes that the rule's expire_time; true if it is another one. A clock that
// stands before the rule's creation is not believed: the time stays.
bool FollowWallClock(const Moment& now, policy::Rule& rule);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_EXPIRY_H_
