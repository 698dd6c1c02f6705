#include "agent/dataplane/slab_maps.h"

#include <bpf/bpf.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/map_info.h"
#include "agent/dataplane/slab_array.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

constexpr char kPinPrefix[] = "slab-";
constexpr std::size_t kReserved =
    FW_SLABS * lookup::LineMemory::kSlabBytes;  // of addresses, not of memory

absl::StatusOr<void*> MapShared(int fd, std::size_t size) {
  void* const mapped =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) return mapped;
  return util::ErrnoToStatus(errno, "map the state of the source tables");
}

}  // namespace

std::string SlabMaps::EmptyPinPath() const {
  return absl::StrCat(folder_, "/", kPinPrefix, "empty");
}

absl::StatusOr<std::unique_ptr<SlabMaps>> SlabMaps::Open(
    const SourceMapFds& fds, const std::string& folder) {
  auto maps = std::unique_ptr<SlabMaps>(new SlabMaps(fds.slabs, folder));
  FW_RETURN_IF_ERROR(maps->Map(fds));
  FW_RETURN_IF_ERROR(maps->FindInherited());
  return maps;
}

SlabMaps::~SlabMaps() {
  if (lines_ != nullptr) munmap(lines_, kReserved);
  if (state_ != nullptr) munmap(state_, sizeof(*state_));
  if (used_words_ != nullptr) munmap(used_words_, kUsedBytes);
}

absl::Status SlabMaps::Map(const SourceMapFds& fds) {
  void* lines = mmap(nullptr, kReserved, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (lines == MAP_FAILED) {
    return util::ErrnoToStatus(errno, "reserve addresses for source tables");
  }
  lines_ = static_cast<lookup::Line*>(lines);
  FW_ASSIGN_OR_RETURN(void* const state, MapShared(fds.state, sizeof(*state_)));
  state_ = static_cast<fw_table_state*>(state);
  FW_ASSIGN_OR_RETURN(void* const used, MapShared(fds.used, kUsedBytes));
  used_words_ = static_cast<__u64*>(used);
  return absl::OkStatus();
}

std::string SlabMaps::PinPath(std::uint32_t slab) const {
  return absl::StrCat(folder_, "/", kPinPrefix, slab);
}

// The id of the earlier run's empty slab; 0: it had none.
absl::StatusOr<std::uint32_t> SlabMaps::FindEmpty() {
  auto fd = OpenPinnedMap(EmptyPinPath());
  if (absl::IsNotFound(fd.status())) return 0;
  FW_RETURN_IF_ERROR(fd.status());
  FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(fd->get()));
  empty_ = *std::move(fd);
  return info.id;
}

absl::Status SlabMaps::MakeEmpty() {
  if (empty_.valid()) return absl::OkStatus();
  FW_ASSIGN_OR_RETURN(empty_, MakeSlab());
  return pinned_ ? PinMap(empty_.get(), EmptyPinPath()) : absl::OkStatus();
}

absl::Status SlabMaps::FindInherited() {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> pins, ListFolder(folder_));
  pinned_ = !pins.empty();
  FW_ASSIGN_OR_RETURN(const std::uint32_t empty_id, FindEmpty());
  for (std::uint32_t slab = 1; slab < FW_SLABS; ++slab) {
    FW_ASSIGN_OR_RETURN(const std::uint32_t id, ConnectedId(slabs_fd_, slab));
    if (id == 0 || id == empty_id) continue;
    used_[slab] = true;
    ids_[slab] = id;
    inherited_.push_back(slab);
    auto fd = OpenPinnedMap(PinPath(slab));
    if (!fd.ok() && !absl::IsNotFound(fd.status())) return fd.status();
    bool ours = false;
    if (fd.ok()) {
      FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(fd->get()));
      ours = info.id == id;
    }
    if (!ours) {
      inherited_is_readable_ = false;
      continue;
    }
    FW_RETURN_IF_ERROR(MapSlab(fd->get(), line(slab * FW_SLAB_LINES)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint32_t> SlabMaps::AddSlabs(std::uint32_t count) {
  const std::uint32_t first = FreeNumbers(count);
  if (first == 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the source tables would take more than their limit of ",
                     kReserved >> 20, " MiB"));
  }
  for (std::uint32_t slab = first; slab < first + count; ++slab) {
    absl::Status added = Add(slab);
    if (added.ok()) continue;
    while (slab-- > first) Release(slab);
    return added;
  }
  for (std::uint32_t slab = first; slab < first + count; ++slab) {
    unconnected_.push_back(slab);
  }
  return first;
}

absl::Status SlabMaps::Add(std::uint32_t slab) {
  FW_ASSIGN_OR_RETURN(util::ScopedFd fd, MakeSlab());
  FW_RETURN_IF_ERROR(MapSlab(fd.get(), line(slab * FW_SLAB_LINES)));
  FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(fd.get()));
  ids_[slab] = info.id;
  fds_[slab] = std::move(fd);
  used_[slab] = true;
  return absl::OkStatus();
}

void SlabMaps::Release(std::uint32_t slab) {
  UnmapSlab(line(slab * FW_SLAB_LINES));
  fds_[slab].reset();
  used_[slab] = false;
}

absl::Status SlabMaps::Connect() {
  // Whatever fails, some of them may be connected: RemoveSlabs must look.
  const std::vector<std::uint32_t> slabs = std::exchange(unconnected_, {});
  std::vector<int> fds;
  for (const std::uint32_t slab : slabs) {
    fds.push_back(fds_[slab].get());
    if (!pinned_) continue;
    FW_RETURN_IF_ERROR(dataplane::Unpin(PinPath(slab)));
    FW_RETURN_IF_ERROR(dataplane::Pin(fds_[slab].get(), PinPath(slab)));
  }
  FW_RETURN_IF_ERROR(ConnectSlabs(slabs_fd_, slabs, fds));
  if (pinned_) {
    for (const std::uint32_t slab : slabs) fds_[slab].reset();
  }
  return absl::OkStatus();
}

void SlabMaps::RemoveSlabs(std::span<const std::uint32_t> slabs) {
  util::WarnUnlessOk(MakeEmpty());
  std::vector<std::uint32_t> connected;
  for (const std::uint32_t slab : slabs) {
    if (std::erase(unconnected_, slab) == 0) connected.push_back(slab);
  }
  util::WarnUnlessOk(DisconnectSlabs(slabs_fd_, connected, empty_.get()));
  for (const std::uint32_t slab : slabs) {
    if (pinned_) util::WarnUnlessOk(dataplane::Unpin(PinPath(slab)));
    Release(slab);
  }
}

void SlabMaps::RemoveInherited() {
  if (!inherited_.empty()) RemoveSlabs(inherited_);
  inherited_.clear();
  inherited_is_readable_ = true;
}

// Programs run between rcu_read_lock and its end, and membarrier waits for
// those. Where it is not to be had (nohz_full), an update of a map of maps
// waits for them too.
void SlabMaps::WaitForReaders() {
  if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return;
  util::WarnUnlessOk(TouchSlabs(slabs_fd_));
}

absl::Status SlabMaps::Pin() {
  for (std::uint32_t slab = 1; slab < FW_SLABS; ++slab) {
    if (!fds_[slab].valid()) continue;
    FW_RETURN_IF_ERROR(PinMap(fds_[slab].get(), PinPath(slab)));
    fds_[slab].reset();
  }
  if (empty_.valid()) {
    FW_RETURN_IF_ERROR(PinMap(empty_.get(), EmptyPinPath()));
  }
  pinned_ = true;
  return absl::OkStatus();
}

absl::Status SlabMaps::Unpin() {
  for (std::uint32_t slab = 1; slab < FW_SLABS; ++slab) {
    if (!used_[slab] || fds_[slab].valid()) continue;
    auto fd = OpenPinnedMap(PinPath(slab));
    if (fd.ok()) fds_[slab] = *std::move(fd);
  }
  pinned_ = false;
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> pins, ListFolder(folder_));
  for (const std::string& name : pins) {
    if (!name.starts_with(kPinPrefix)) continue;
    FW_RETURN_IF_ERROR(dataplane::Unpin(absl::StrCat(folder_, "/", name)));
  }
  return absl::OkStatus();
}

}  // namespace fwagent::dataplane
