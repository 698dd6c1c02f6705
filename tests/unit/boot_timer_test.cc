#include "agent/core/boot_timer.h"

#include <gtest/gtest.h>

#include <thread>

#include "agent/core/clocks.h"

namespace fwagent::core {
namespace {

TEST(BootTimer, ADeadlineThatHasPassedEndsTheWait) {
  auto timer = BootTimer::Open();
  ASSERT_TRUE(timer.ok()) << timer.status();
  EXPECT_TRUE((*timer)->Wait(policy::kNever));
  EXPECT_TRUE((*timer)->Wait(HostClocks().Now().tick()));
}

TEST(BootTimer, TheWaitEndsWithTheDeadlineAndNotBefore) {
  auto timer = BootTimer::Open();
  ASSERT_TRUE(timer.ok()) << timer.status();
  const policy::Deadline until =
      HostClocks().Now().DeadlineIn(absl::Milliseconds(150));
  EXPECT_TRUE((*timer)->Wait(until));
  EXPECT_GE(HostClocks().Now().tick(), until);
}

TEST(BootTimer, WakingEndsTheWaitAlsoWhenItComesFirst) {
  auto timer = BootTimer::Open();
  ASSERT_TRUE(timer.ok()) << timer.status();
  (*timer)->Wake();
  EXPECT_TRUE((*timer)->Wait(policy::kForever));
  std::thread waker([&] { (*timer)->Wake(); });
  EXPECT_TRUE((*timer)->Wait(policy::kForever));
  waker.join();
}

TEST(BootTimer, StoppingEndsEveryWait) {
  auto timer = BootTimer::Open();
  ASSERT_TRUE(timer.ok()) << timer.status();
  std::thread stopper([&] { (*timer)->Stop(); });
  while ((*timer)->Wait(policy::kForever)) {
  }
  stopper.join();
  EXPECT_FALSE((*timer)->Wait(policy::kNever));
}

}  // namespace
}  // namespace fwagent::core
