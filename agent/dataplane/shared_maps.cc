#include "agent/dataplane/shared_maps.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/map_info.h"
#include "agent/dataplane/skeleton.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

constexpr std::array<const char*, 6> kMapNames = {"fw_source4",  "fw_source6",
                                                  "fw_ports",    "fw_config",
                                                  "fw_counters", "fw_slots"};

bool IsSourceTable(const std::string& name) {
  return name == "fw_source4" || name == "fw_source6";
}

absl::StatusOr<util::ScopedFd> Duplicate(int fd) {
  util::ScopedFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (copy.valid()) return copy;
  return util::ErrnoToStatus(errno, "duplicate a BPF descriptor");
}

// Sizes of source tables are not compared: any will do.
bool Fits(const bpf_map_info& info, const bpf_map* map,
          const std::string& name) {
  return info.type == bpf_map__type(map) &&
         info.key_size == bpf_map__key_size(map) &&
         info.value_size == bpf_map__value_size(map) &&
         info.map_flags == bpf_map__map_flags(map) &&
         (IsSourceTable(name) || info.max_entries == bpf_map__max_entries(map));
}

void WarnOfOtherCapacity(const std::string& name, std::uint32_t map_entries,
                         std::uint32_t max_sources) {
  if (map_entries == SourceMapEntries(max_sources)) return;
  spdlog::warn(
      "{} is pinned with room for {} prefixes and keeps it; to have {}, run "
      "`fwctl detach --all` (which takes the filter off) and restart the agent",
      name, SourcesThatFit(map_entries), max_sources);
}

}  // namespace

std::uint32_t SourceMapEntries(std::uint32_t max_sources) {
  return max_sources + 1;
}

std::uint32_t SourcesThatFit(std::uint32_t map_entries) {
  return map_entries - 1;
}

absl::StatusOr<SharedMaps> SharedMaps::Open(const std::string& folder,
                                            std::uint32_t max_sources) {
  SharedMaps maps(folder);
  FW_RETURN_IF_ERROR(maps.OpenPinned(max_sources));
  FW_RETURN_IF_ERROR(maps.MakeMissing(max_sources));
  return maps;
}

std::string SharedMaps::PinPath(const std::string& name) const {
  return absl::StrCat(folder_, "/", name);
}

absl::Status SharedMaps::OpenPinned(std::uint32_t max_sources) {
  FW_ASSIGN_OR_RETURN(const Skeleton skeleton, OpenSkeleton());
  std::vector<std::string> missing;
  for (const std::string name : kMapNames) {
    auto pinned = OpenPinnedMap(PinPath(name));
    if (absl::IsNotFound(pinned.status())) {
      missing.push_back(name);
      continue;
    }
    FW_RETURN_IF_ERROR(pinned.status());
    FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(pinned->get()));
    if (!Fits(info, FindMap(skeleton.get(), name), name)) {
      return absl::FailedPreconditionError(
          absl::StrCat(PinPath(name),
                       " is a map of another type or size than this version "
                       "makes: remove it, or use another --pin-dir"));
    }
    if (IsSourceTable(name)) {
      WarnOfOtherCapacity(name, info.max_entries, max_sources);
    }
    fds_.emplace(name, *std::move(pinned));
  }
  if (!missing.empty() && !fds_.empty()) {
    spdlog::warn("maps are missing in {} and are made anew, empty: {}", folder_,
                 absl::StrJoin(missing, ", "));
  }
  return absl::OkStatus();
}

// Loading the program makes the maps, and proves that this kernel can run it:
// which it has proved already where every map is pinned, but perhaps to an
// agent with more privilege.
absl::Status SharedMaps::MakeMissing(std::uint32_t max_sources) {
  if (fds_.size() == kMapNames.size()) return CheckMayLoad();
  FW_ASSIGN_OR_RETURN(const Skeleton skeleton, OpenSkeleton());
  for (const std::string name : kMapNames) {
    bpf_map* map = FindMap(skeleton.get(), name);
    const auto present = fds_.find(name);
    int error = 0;
    if (present != fds_.end()) {
      error = bpf_map__reuse_fd(map, present->second.get());
    } else if (IsSourceTable(name)) {
      error = bpf_map__set_max_entries(map, SourceMapEntries(max_sources));
    }
    if (error != 0) return util::ErrnoToStatus(error, "prepare " + name);
  }
  FW_RETURN_IF_ERROR(LoadSkeleton(skeleton.get()));
  for (const std::string name : kMapNames) {
    if (fds_.contains(name)) continue;
    FW_ASSIGN_OR_RETURN(util::ScopedFd fd,
                        Duplicate(bpf_map__fd(FindMap(skeleton.get(), name))));
    fds_.emplace(name, std::move(fd));
  }
  return absl::OkStatus();
}

absl::Status SharedMaps::Pin() const {
  for (const auto& [name, fd] : fds_) {
    FW_RETURN_IF_ERROR(PinMap(fd.get(), PinPath(name)));
  }
  return absl::OkStatus();
}

absl::Status SharedMaps::Unpin() const {
  for (const auto& [name, fd] : fds_) {
    FW_RETURN_IF_ERROR(dataplane::Unpin(PinPath(name)));
  }
  return absl::OkStatus();
}

absl::StatusOr<util::ScopedFd> SharedMaps::LoadProgram(
    std::uint32_t slot) const {
  FW_ASSIGN_OR_RETURN(const Skeleton skeleton, OpenSkeleton());
  for (const auto& [name, fd] : fds_) {
    const int error =
        bpf_map__reuse_fd(FindMap(skeleton.get(), name), fd.get());
    if (error != 0) return util::ErrnoToStatus(error, "share " + name);
  }
  skeleton->rodata->fw_slot_index = slot;
  FW_RETURN_IF_ERROR(LoadSkeleton(skeleton.get()));
  return Duplicate(ProgramFd(skeleton.get()));
}

}  // namespace fwagent::dataplane
