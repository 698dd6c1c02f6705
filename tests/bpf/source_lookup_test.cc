// Source tables in the kernel do what all source tables do, and the program
// that looks into them needs no more privilege than the filter.
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <memory>
#include <vector>

#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"
#include "tests/bpf/kernel_source_world.h"
#include "tests/support/capabilities.h"
#include "tests/support/require_bpf.h"
#include "tests/support/source_trial.h"
#include "tests/support/source_world_contract.h"

namespace fwagent::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Kernel, SourceWorldContract,
    ::testing::Values(SourceWorldCase{
        .make = []() -> absl::StatusOr<std::unique_ptr<SourceWorld>> {
          FW_RETURN_IF_ERROR(BpfIsAllowed());
          auto world = KernelSourceWorld::Create();
          // What the kernel refuses then is a failure, not a reason to skip.
          EXPECT_TRUE(world.ok()) << world.status();
          return world;
        },
        .operations = 250,
        .seeds = 1}));

TEST(SourceLookup, TwoCapabilitiesAreEnough) {
  SkipUnless(BpfIsAllowed());
  if (::testing::Test::IsSkipped()) return;
  RunWithCapabilities({CAP_BPF, CAP_NET_ADMIN}, [] {
    const auto world = KernelSourceWorld::Create();
    ASSERT_TRUE(world.ok()) << world.status();
    SourceTrial trial(**world, 1, {});
    for (int step = 0; step < 50; ++step) {
      ASSERT_EQ(trial.Step({.allows = 5, .classes = 5}, 40), absl::OkStatus());
    }
  });
}

}  // namespace
}  // namespace fwagent::testing
