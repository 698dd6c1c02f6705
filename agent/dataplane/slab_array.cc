#include "agent/dataplane/slab_array.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "agent/lookup/line_memory.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"
#include "bpf/fw_table.h"

namespace fwagent::dataplane {
namespace {

constexpr std::size_t kSlabBytes = lookup::LineMemory::kSlabBytes;

absl::Status UpdateOneByOne(int slabs_fd,
                            const std::vector<std::uint32_t>& numbers,
                            const std::vector<int>& fds) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (bpf_map_update_elem(slabs_fd, &numbers[i], &fds[i], BPF_ANY) != 0) {
      return util::ErrnoToStatus(errno, "connect memory of a source table");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<util::ScopedFd> MakeSlab() {
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = BPF_F_MMAPABLE;
  util::ScopedFd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "fw_slab",
                                   sizeof(std::uint32_t), sizeof(fw_line),
                                   FW_SLAB_LINES, &options));
  if (fd.valid()) return fd;
  if (errno == EMFILE) {
    return absl::ResourceExhaustedError(
        "make memory for a source table: this process may open too few files "
        "(ulimit -n, LimitNOFILE): it takes one for each 256 KiB until an "
        "interface is guarded");
  }
  return util::ErrnoToStatus(errno, "make memory for a source table");
}

absl::Status MapSlab(int fd, void* place) {
  if (mmap(place, kSlabBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
           fd, 0) == MAP_FAILED) {
    return util::ErrnoToStatus(errno, "map memory of a source table");
  }
  return absl::OkStatus();
}

void UnmapSlab(void* place) {
  // Over addresses that are mapped, this cannot fail.
  static_cast<void>(
      mmap(place, kSlabBytes, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
}

absl::StatusOr<std::uint32_t> ConnectedId(int slabs_fd, std::uint32_t number) {
  std::uint32_t id = 0;
  if (bpf_map_lookup_elem(slabs_fd, &number, &id) == 0) return id;
  if (errno == ENOENT) return 0;
  return util::ErrnoToStatus(errno, "look up memory of a source table");
}

// Every single update waits for the programs that run, some 15 ms; a batch,
// which kernels have from 5.19 on, does not or does so once.
absl::Status ConnectSlabs(int slabs_fd,
                          const std::vector<std::uint32_t>& numbers,
                          const std::vector<int>& fds) {
  if (numbers.empty()) return absl::OkStatus();
  bpf_map_batch_opts options{};
  options.sz = sizeof(options);
  auto count = static_cast<std::uint32_t>(numbers.size());
  if (bpf_map_update_batch(slabs_fd, numbers.data(), fds.data(), &count,
                           &options) == 0) {
    return absl::OkStatus();
  }
  return UpdateOneByOne(slabs_fd, numbers, fds);
}

absl::Status DisconnectSlabs(int slabs_fd,
                             const std::vector<std::uint32_t>& numbers,
                             int empty_fd) {
  if (empty_fd >= 0) {
    return ConnectSlabs(slabs_fd, numbers,
                        std::vector<int>(numbers.size(), empty_fd));
  }
  for (const std::uint32_t number : numbers) {
    if (bpf_map_delete_elem(slabs_fd, &number) != 0 && errno != ENOENT) {
      return util::ErrnoToStatus(errno, "give back memory of a source table");
    }
  }
  return absl::OkStatus();
}

absl::Status TouchSlabs(int slabs_fd) {
  FW_ASSIGN_OR_RETURN(util::ScopedFd slab, MakeSlab());
  const std::uint32_t unused_number = 0;
  const int fd = slab.get();
  if (bpf_map_update_elem(slabs_fd, &unused_number, &fd, BPF_ANY) != 0) {
    return util::ErrnoToStatus(errno, "wait for packets under way");
  }
  return absl::OkStatus();
}

}  // namespace fwagent::dataplane
