// Tests that need the kernel's BPF.
#ifndef FWAGENT_TESTS_SUPPORT_REQUIRE_BPF_H_
#define FWAGENT_TESTS_SUPPORT_REQUIRE_BPF_H_

#include "absl/status/status.h"

namespace fwagent::testing {

// For SetUp: when `status` is an error, skips the test with it, or fails the
// test when FW_REQUIRE_BPF=1 is set. Either way its body does not run.
void SkipUnless(const absl::Status& status);

// Whether this process may use BPF and pin below /sys/fs/bpf.
absl::Status BpfIsAllowed();

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REQUIRE_BPF_H_
