// Waiting by the clock of deadlines (timerfd_create(2)).
#ifndef FWAGENT_AGENT_CORE_BOOT_TIMER_H_
#define FWAGENT_AGENT_CORE_BOOT_TIMER_H_

#include <atomic>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/core/expiry_timer.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::core {

// Goes by CLOCK_BOOTTIME, and hears when CLOCK_REALTIME is set.
class BootTimer : public ExpiryTimer {
 public:
  static absl::StatusOr<std::unique_ptr<BootTimer>> Open();

  bool Wait(policy::Deadline until) override;
  void Wake() override;
  void Stop() override;

 private:
  BootTimer(util::ScopedFd boot, util::ScopedFd wall, util::ScopedFd wake)
      : boot_(std::move(boot)),
        wall_(std::move(wall)),
        wake_(std::move(wake)) {}

  util::ScopedFd boot_;  // readable when the deadline has come
  util::ScopedFd wall_;  // readable when the wall clock was set
  util::ScopedFd wake_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_BOOT_TIMER_H_
