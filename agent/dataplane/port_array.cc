#include "agent/dataplane/port_array.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "absl/cleanup/cleanup.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"
#include "bpf/fw_abi.h"

namespace fwagent::dataplane {
namespace {

constexpr std::size_t kBytes = FW_PORTS * sizeof(fw_rule_ref);
static_assert(FW_FOREVER == policy::kForever);

// Maps the array and hands its first entry to `use`.
template <typename Use>
absl::Status WithMemory(int fd, int protection, Use use) {
  void* memory = mmap(nullptr, kBytes, protection, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    return util::ErrnoToStatus(errno, "map a port table into memory");
  }
  const auto unmap = absl::MakeCleanup([memory] { munmap(memory, kBytes); });
  use(static_cast<fw_rule_ref*>(memory));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<util::ScopedFd> MakePortArray(const policy::PortTable& table) {
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = BPF_F_MMAPABLE;
  util::ScopedFd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "fw_port_table",
                                   sizeof(std::uint32_t), sizeof(fw_rule_ref),
                                   FW_PORTS, &options));
  if (!fd.valid()) return util::ErrnoToStatus(errno, "make a port table");
  FW_RETURN_IF_ERROR(WithMemory(
      fd.get(), PROT_READ | PROT_WRITE, [&table](fw_rule_ref* entries) {
        std::transform(table.begin(), table.end(), entries,
                       [](const policy::PortRule& rule) {
                         return fw_rule_ref{.rule_id = rule.id,
                                            .until = rule.until,
                                            .unused = 0};
                       });
      }));
  return fd;
}

absl::StatusOr<policy::PortTable> ReadPortArray(int fd) {
  policy::PortTable table(FW_PORTS);
  FW_RETURN_IF_ERROR(
      WithMemory(fd, PROT_READ, [&table](const fw_rule_ref* entries) {
        std::transform(entries, entries + FW_PORTS, table.begin(),
                       [](const fw_rule_ref& entry) {
                         return policy::PortRule(entry.rule_id, entry.until);
                       });
      }));
  return table;
}

}  // namespace fwagent::dataplane
