#include "tests/support/capabilities.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

namespace fwagent::testing {
namespace {

// The C library's wrapper would change every thread.
bool KeepOnly(const std::vector<int>& capabilities) {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  for (const int capability : capabilities) {
    auto& word = data[CAP_TO_INDEX(capability)];
    word.effective |= CAP_TO_MASK(capability);
    word.permitted |= CAP_TO_MASK(capability);
  }
  return syscall(SYS_capset, &header, data) == 0;
}

}  // namespace

void RunWithCapabilities(const std::vector<int>& capabilities,
                         const std::function<void()>& body) {
  std::thread([&] {
    ASSERT_TRUE(KeepOnly(capabilities));
    body();
  }).join();
}

std::vector<int> FewestCapabilities() {
  utsname name{};
  int major = 0, minor = 0;
  EXPECT_EQ(uname(&name), 0);
  EXPECT_EQ(std::sscanf(name.release, "%d.%d", &major, &minor), 2);
  std::vector<int> few = {CAP_BPF, CAP_NET_ADMIN};
  if (major < 6 || (major == 6 && minor < 12)) few.push_back(CAP_PERFMON);
  return few;
}

}  // namespace fwagent::testing
