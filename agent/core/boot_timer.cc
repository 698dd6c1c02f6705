#include "agent/core/boot_timer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

// A time that never comes, so that being cancelled is all that can happen.
absl::Status WatchWallClock(int fd) {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<std::int32_t>::max();
  never.it_value.tv_sec *= 4;  // the year 2242
  if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
                      nullptr) == 0) {
    return absl::OkStatus();
  }
  return util::ErrnoToStatus(errno, "watch the wall clock");
}

// Zero, which an absolute time never is, disarms the timer.
itimerspec TimeOf(policy::Deadline until) {
  itimerspec time{};
  if (until == policy::kForever) return time;
  time.it_value = absl::ToTimespec(
      absl::Nanoseconds(std::int64_t{until} << policy::kTickShift));
  if (until == policy::kNever) time.it_value.tv_nsec = 1;
  return time;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BootTimer>> BootTimer::Open() {
  util::ScopedFd boot(
      timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  util::ScopedFd wall(
      timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  util::ScopedFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!boot.valid() || !wall.valid() || !wake.valid()) {
    return util::ErrnoToStatus(errno, "make a timer for rules that end");
  }
  FW_RETURN_IF_ERROR(WatchWallClock(wall.get()));
  return std::unique_ptr<BootTimer>(
      new BootTimer(std::move(boot), std::move(wall), std::move(wake)));
}

bool BootTimer::Wait(policy::Deadline until) {
  const itimerspec time = TimeOf(until);
  // Cannot fail: the time is a valid one.
  timerfd_settime(boot_.get(), TFD_TIMER_ABSTIME, &time, nullptr);
  std::array<pollfd, 3> wait = {{{.fd = wake_.get(), .events = POLLIN},
                                 {.fd = wall_.get(), .events = POLLIN},
                                 {.fd = boot_.get(), .events = POLLIN}}};
  poll(wait.data(), wait.size(), -1);
  eventfd_t wakes = 0;
  eventfd_read(wake_.get(), &wakes);
  std::uint64_t expirations = 0;
  if (read(wall_.get(), &expirations, sizeof(expirations)) < 0 &&
      errno == ECANCELED) {
    WatchWallClock(wall_.get()).IgnoreError();  // as it was the first time
  }
  return !stopped_;
}

void BootTimer::Wake() {
  // Cannot fail: the counter is far from full.
  eventfd_write(wake_.get(), 1);
}

void BootTimer::Stop() {
  stopped_ = true;
  Wake();
}

}  // namespace fwagent::core
