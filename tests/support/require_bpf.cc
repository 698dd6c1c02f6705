#include "tests/support/require_bpf.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "agent/util/errno_status.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::testing {

void SkipUnless(const absl::Status& status) {
  if (status.ok()) return;
  const char* required = std::getenv("FW_REQUIRE_BPF");
  if (required != nullptr && std::string_view(required) == "1") {
    FAIL() << "FW_REQUIRE_BPF=1, but " << status;
  }
  GTEST_SKIP() << "needs BPF: " << status;
}

absl::Status BpfIsAllowed() {
  struct statfs info {};
  if (statfs("/sys/fs/bpf", &info) != 0 ||
      static_cast<unsigned long>(info.f_type) != BPF_FS_MAGIC) {
    return absl::FailedPreconditionError(
        "/sys/fs/bpf is no BPF file system: `mount -t bpf bpf /sys/fs/bpf`");
  }
  // Only the privileged may make this kind of map.
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_LPM_TRIE;
  attributes.key_size = 8;
  attributes.value_size = 8;
  attributes.max_entries = 1;
  attributes.map_flags = BPF_F_NO_PREALLOC;
  const util::ScopedFd map(static_cast<int>(
      syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes))));
  if (map.valid()) return absl::OkStatus();
  return util::ErrnoToStatus(errno, "make a BPF map");
}

}  // namespace fwagent::testing
