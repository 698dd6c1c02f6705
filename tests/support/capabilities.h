// Less privilege, for one thread.
#ifndef FWAGENT_TESTS_SUPPORT_CAPABILITIES_H_
#define FWAGENT_TESTS_SUPPORT_CAPABILITIES_H_

#include <functional>
#include <vector>

namespace fwagent::testing {

// Runs `body` on a thread of its own, in the caller's namespaces, that holds
// none but these capabilities (CAP_BPF and so on). Fails the test when the
// kernel refuses.
void RunWithCapabilities(const std::vector<int>& capabilities,
                         const std::function<void()>& body);

// What the program takes: CAP_BPF and CAP_NET_ADMIN, before Linux 6.12 also
// CAP_PERFMON.
std::vector<int> FewestCapabilities();

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_CAPABILITIES_H_
