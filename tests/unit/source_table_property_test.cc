// Source tables on the heap do what all source tables do.
#include <gtest/gtest.h>

#include <memory>

#include "tests/support/heap_source_world.h"
#include "tests/support/sanitizer.h"
#include "tests/support/source_world_contract.h"

namespace fwagent::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Heap, SourceWorldContract,
    ::testing::Values(SourceWorldCase{
        .make = []() -> absl::StatusOr<std::unique_ptr<SourceWorld>> {
          return std::make_unique<HeapSourceWorld>();
        },
        .operations = 2000 / kFewer,
        .seeds = 3}));

}  // namespace
}  // namespace fwagent::testing
