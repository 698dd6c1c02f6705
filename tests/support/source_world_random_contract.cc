// Changes at random: on failure the seed and the operation are told.
#include <gtest/gtest.h>

#include "tests/support/source_world_contract.h"

namespace fwagent::testing {

TEST_P(SourceWorldContract, BlocksAtRandom) { RunAtRandom({}); }

TEST_P(SourceWorldContract, BlocksAndAllowsAtRandom) {
  RunAtRandom({.allows = 5});
}

TEST_P(SourceWorldContract, BlocksAllowsAndClassesAtRandom) {
  RunAtRandom({.allows = 5, .classes = 5});
}

TEST_P(SourceWorldContract, WhatEndsAtRandom) {
  RunAtRandom({.timed = 30});
  if (HasFailure() || IsSkipped()) return;
  RunAtRandom({.allows = 15, .classes = 5, .timed = 50});
}

}  // namespace fwagent::testing
