// The two clocks of a host, and the moment that they show.
#ifndef FWAGENT_AGENT_CORE_CLOCKS_H_
#define FWAGENT_AGENT_CORE_CLOCKS_H_

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "agent/policy/deadline.h"

namespace fwagent::core {

// What both clocks said at one time.
struct Moment {
  absl::Time wall;
  absl::Duration since_boot;  // of CLOCK_BOOTTIME

  // The tick of deadlines that has begun.
  policy::Deadline tick() const;
  // Rounded up to a tick, and earlier than kForever.
  policy::Deadline DeadlineIn(absl::Duration time) const;
  // What the wall clock will say then, as it is set now.
  absl::Time WallAt(policy::Deadline deadline) const;
};

// Functions, so that tests can turn the clocks.
struct Clocks {
  std::function<absl::Time()> wall;            // anybody may set it
  std::function<absl::Duration()> since_boot;  // goes on, whatever happens
  // Names this run of the host: after a reboot it is another one. Empty: not
  // known, and so never the same as that of an earlier start.
  std::string boot_id;

  Moment Now() const { return {wall(), since_boot()}; }
};

Clocks HostClocks();

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_CLOCKS_H_
