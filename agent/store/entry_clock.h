// The clock by which the store keeps the ends of sets' entries.
#ifndef FWAGENT_AGENT_STORE_ENTRY_CLOCK_H_
#define FWAGENT_AGENT_STORE_ENTRY_CLOCK_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "agent/policy/deadline.h"

namespace fwagent::store {

// Its ticks are as long as those of deadlines, and go on from one run of the
// host to the next: so a million ends on disk need not be written anew after a
// reboot, but only how far this clock is ahead of the host's.
struct EntryClock {
  std::string boot_id;     // of the run of the host that `shift` is for
  std::int64_t shift = 0;  // in ticks
  // What the wall clock said when this clock said `tick`.
  absl::Time wall = absl::UnixEpoch();
  std::int64_t tick = 0;

  // Not of kForever.
  std::int64_t TickOf(policy::Deadline until) const { return until + shift; }
  // What lies before this run of the host has ended in it.
  policy::Deadline DeadlineOf(std::int64_t entry_tick) const {
    constexpr std::int64_t kLast = policy::kForever - 1;
    return static_cast<policy::Deadline>(std::clamp<std::int64_t>(
        entry_tick - shift, policy::kNever + 1, kLast));
  }

  bool operator==(const EntryClock&) const = default;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_ENTRY_CLOCK_H_
