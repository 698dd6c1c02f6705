#include "agent/core/clocks.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <fstream>

#include "absl/time/clock.h"

namespace fwagent::core {
namespace {

constexpr std::int64_t kTick = std::int64_t{1} << policy::kTickShift;

policy::Deadline Bounded(std::int64_t ticks) {
  constexpr std::int64_t kLast = policy::kForever - 1;
  return static_cast<policy::Deadline>(
      std::clamp<std::int64_t>(ticks, policy::kNever, kLast));
}

absl::Duration BootTime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);  // cannot fail
  return absl::DurationFromTimespec(now);
}

}  // namespace

policy::Deadline Moment::tick() const {
  return Bounded(absl::ToInt64Nanoseconds(since_boot) / kTick);
}

policy::Deadline Moment::DeadlineIn(absl::Duration time) const {
  const std::int64_t end = absl::ToInt64Nanoseconds(since_boot + time);
  // Divided first: the end may be close to what the type can hold.
  return Bounded(end / kTick + (end % kTick > 0 ? 1 : 0));
}

absl::Time Moment::WallAt(policy::Deadline deadline) const {
  return wall + (absl::Nanoseconds(deadline * kTick) - since_boot);
}

Clocks HostClocks() {
  Clocks clocks{.wall = absl::Now, .since_boot = BootTime, .boot_id = {}};
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::getline(in, clocks.boot_id);
  return clocks;
}

}  // namespace fwagent::core
