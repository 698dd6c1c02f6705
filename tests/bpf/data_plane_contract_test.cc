// The data plane of the kernel keeps the contract of all data planes.
#include "tests/support/data_plane_contract.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/bpf/kernel_world.h"

namespace fwagent::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Kernel, DataPlaneContract,
    ::testing::Values([]() -> absl::StatusOr<std::unique_ptr<DataPlaneWorld>> {
      return KernelWorld::Create();
    }));

}  // namespace
}  // namespace fwagent::testing
