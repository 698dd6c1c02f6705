// What docs/lockout.md says of who is never dropped.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_FAILSAFE_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_FAILSAFE_H_

#include <vector>

#include "agent/policy/failsafe.h"
#include "tests/support/reference_datagram.h"

namespace fwagent::testing {

// An entry with ports saves what has a port that can be read.
bool IsFailsafe(const std::vector<policy::FailsafeEntry>& entries,
                const Datagram& datagram);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_FAILSAFE_H_
