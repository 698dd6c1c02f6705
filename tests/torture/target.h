// What the callers block and unblock.
#ifndef FWAGENT_TESTS_TORTURE_TARGET_H_
#define FWAGENT_TESTS_TORTURE_TARGET_H_

#include <cstddef>
#include <vector>

#include "tests/support/wire.h"

namespace fwagent::testing {

// Those of one caller, which no other's rules say anything of: hosts and nets
// of either family, one so short that its change builds a new generation of
// the tables, and ports. Sources come first.
std::vector<Target> TargetsOf(int caller);
inline constexpr std::size_t kSourcesOfCaller = 22;

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_TORTURE_TARGET_H_
