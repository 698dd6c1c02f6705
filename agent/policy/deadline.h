// When something ends, on the clock that packets are judged by.
#ifndef FWAGENT_AGENT_POLICY_DEADLINE_H_
#define FWAGENT_AGENT_POLICY_DEADLINE_H_

#include <cstdint>
#include <limits>

namespace fwagent::policy {

// Ticks of 2^27 nanoseconds (134 ms) of CLOCK_BOOTTIME, which nobody can set
// and which goes on while the host sleeps. What ends is in force while the
// present tick is smaller.
using Deadline = std::uint32_t;

inline constexpr int kTickShift = 27;

// Has always ended.
inline constexpr Deadline kNever = 0;
// Later than any clock: 18 years after the host was started.
inline constexpr Deadline kForever = std::numeric_limits<Deadline>::max();

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_DEADLINE_H_
