// Clocks that stand still until a test turns them.
#ifndef FWAGENT_TESTS_SUPPORT_FAKE_CLOCKS_H_
#define FWAGENT_TESTS_SUPPORT_FAKE_CLOCKS_H_

#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "agent/core/clocks.h"

namespace fwagent::testing {

// Thread-safe. Must outlive what it gave clocks to.
class FakeClocks {
 public:
  explicit FakeClocks(absl::Time wall = absl::FromUnixSeconds(1'700'000'000))
      : wall_(wall) {}

  // As the engine wants them.
  core::Clocks Get() {
    return {.wall = [this] { return wall(); },
            .since_boot = [this] { return since_boot(); },
            .boot_id = boot_id_};
  }

  absl::Time wall() const {
    const std::lock_guard lock(mutex_);
    return wall_;
  }
  absl::Duration since_boot() const {
    const std::lock_guard lock(mutex_);
    return since_boot_;
  }

  // Time passes.
  void Advance(absl::Duration time) {
    const std::lock_guard lock(mutex_);
    wall_ += time;
    since_boot_ += time;
  }
  // Somebody sets the wall clock.
  void SetWall(absl::Time wall) {
    const std::lock_guard lock(mutex_);
    wall_ = wall;
  }
  // The host is off for so long, and then starts.
  void Reboot(absl::Duration off) {
    const std::lock_guard lock(mutex_);
    wall_ += off;
    since_boot_ = absl::Seconds(20);
    boot_id_ += "+";
  }

 private:
  mutable std::mutex mutex_;
  absl::Time wall_;
  absl::Duration since_boot_ = absl::Hours(100);
  std::string boot_id_ = "boot";
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FAKE_CLOCKS_H_
