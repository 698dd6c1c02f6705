#include "agent/dataplane/shared_maps.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
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

struct Name {
  const char* pin;
  const char* in_program;
};
constexpr std::array<const char*, 2> kCounterNames = {"fw_counters",
                                                      "fw_slots"};

constexpr std::array<Name, 11> kMapNames = {
    {{"fw_slabs", "fw_slabs"},
     {"fw_used", "fw_used"},
     {"fw_tables", ".data.tables"},
     {"fw_ports", "fw_ports"},
     {"fw_datagrams", "fw_datagrams"},
     {"fw_searches", "fw_searches"},
     {"fw_rule_hits", "fw_rule_hits"},
     {"fw_buckets", "fw_buckets"},
     {"fw_rule_buckets", "fw_rule_buckets"},
     {"fw_counters", "fw_counters"},
     {"fw_slots", "fw_slots"}}};

// What packets write.
bool IsOfPackets(std::string_view name) {
  return name == "fw_counters" || name == "fw_datagrams" ||
         name == "fw_searches" || name == "fw_rule_hits" ||
         name == "fw_buckets" || name == "fw_rule_buckets";
}

bool IsOfCounters(const std::string& name) {
  return std::find(kCounterNames.begin(), kCounterNames.end(), name) !=
         kCounterNames.end();
}

absl::StatusOr<util::ScopedFd> Duplicate(int fd) {
  util::ScopedFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (copy.valid()) return copy;
  return util::ErrnoToStatus(errno, "duplicate a BPF descriptor");
}

bool Fits(const bpf_map_info& info, const bpf_map* map) {
  return info.type == bpf_map__type(map) &&
         info.key_size == bpf_map__key_size(map) &&
         info.value_size == bpf_map__value_size(map) &&
         info.max_entries == bpf_map__max_entries(map) &&
         info.map_flags == bpf_map__map_flags(map);
}

}  // namespace

absl::StatusOr<SharedMaps> SharedMaps::Open(const MapFolders& folders) {
  SharedMaps maps(folders);
  FW_RETURN_IF_ERROR(maps.OpenPinned());
  FW_RETURN_IF_ERROR(maps.MakeMissing());
  return maps;
}

std::string SharedMaps::PinPath(const std::string& name) const {
  return absl::StrCat(IsOfCounters(name) ? folders_.counters : folders_.tables,
                      "/", name);
}

// Both or neither: counters say nothing without the names of their slots.
void SharedMaps::OpenOlderCounters(const fwagent_xdp* skeleton) {
  std::map<std::string, util::ScopedFd> found;
  for (const char* name : kCounterNames) {
    auto pinned =
        OpenPinnedMap(absl::StrCat(folders_.older_counters, "/", name));
    if (!pinned.ok()) return;
    const auto info = GetMapInfo(pinned->get());
    if (!info.ok() || !Fits(*info, FindMap(skeleton, name))) return;
    found.emplace(name, *std::move(pinned));
  }
  fds_ = std::move(found);
  has_older_counters_ = true;
}

absl::Status SharedMaps::OpenPinned() {
  FW_ASSIGN_OR_RETURN(const ProgramVariant variant, ChooseVariant());
  FW_ASSIGN_OR_RETURN(const Skeleton skeleton, OpenSkeleton(variant));
  OpenOlderCounters(skeleton.get());
  std::vector<std::string> missing;
  bool has_tables = false;
  for (const auto& [name, in_program] : kMapNames) {
    if (fds_.contains(name)) continue;
    auto pinned = OpenPinnedMap(PinPath(name));
    if (absl::IsNotFound(pinned.status())) {
      missing.push_back(name);
      continue;
    }
    FW_RETURN_IF_ERROR(pinned.status());
    FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(pinned->get()));
    if (!Fits(info, FindMap(skeleton.get(), in_program))) {
      return absl::FailedPreconditionError(
          absl::StrCat(PinPath(name),
                       " is a map of another type or size than this version "
                       "makes: remove it, or use another --pin-dir"));
    }
    has_tables = has_tables || !IsOfCounters(name);
    fds_.emplace(name, *std::move(pinned));
  }
  inherited_ = missing.empty();
  if (!missing.empty() && has_tables) {
    spdlog::warn("maps are missing in {} and are made anew, empty: {}",
                 folders_.tables, absl::StrJoin(missing, ", "));
  }
  return absl::OkStatus();
}

// Loading the program makes the maps, and proves that this kernel can run it:
// which it has proved already where every map is pinned, but perhaps to an
// agent with more privilege.
absl::Status SharedMaps::MakeMissing() {
  if (fds_.size() == kMapNames.size()) return CheckMayLoad();
  FW_ASSIGN_OR_RETURN(const ProgramVariant variant, ChooseVariant());
  FW_ASSIGN_OR_RETURN(const Skeleton skeleton, OpenSkeleton(variant));
  FW_RETURN_IF_ERROR(Share(skeleton.get()));
  FW_RETURN_IF_ERROR(LoadSkeleton(skeleton.get()));
  for (const auto& [name, in_program] : kMapNames) {
    if (fds_.contains(name)) continue;
    FW_ASSIGN_OR_RETURN(
        util::ScopedFd fd,
        Duplicate(bpf_map__fd(FindMap(skeleton.get(), in_program))));
    fds_.emplace(name, std::move(fd));
  }
  return absl::OkStatus();
}

// Makes a program that is not loaded yet use the maps that there are.
absl::Status SharedMaps::Share(const fwagent_xdp* skeleton, bool aside) const {
  for (const auto& [name, in_program] : kMapNames) {
    if (aside && IsOfPackets(name)) continue;
    const auto present = fds_.find(name);
    if (present == fds_.end()) continue;
    const int error =
        bpf_map__reuse_fd(FindMap(skeleton, in_program), present->second.get());
    if (error != 0) {
      return util::ErrnoToStatus(error, absl::StrCat("share ", name));
    }
  }
  return absl::OkStatus();
}

absl::Status SharedMaps::Pin() const {
  for (const auto& [name, fd] : fds_) {
    FW_RETURN_IF_ERROR(PinOne(name, fd.get()));
  }
  return absl::OkStatus();
}

// After a downgrade and an upgrade there may be counters that stopped when the
// older version began to count.
absl::Status SharedMaps::PinOne(const std::string& name, int fd) const {
  const std::string path = PinPath(name);
  absl::Status pinned = PinMap(fd, path);
  if (!absl::IsAlreadyExists(pinned) || !has_older_counters_ ||
      !IsOfCounters(name)) {
    return pinned;
  }
  FW_RETURN_IF_ERROR(dataplane::Unpin(path));
  return PinMap(fd, path);
}

absl::Status SharedMaps::Unpin() const {
  for (const auto& [name, fd] : fds_) {
    FW_RETURN_IF_ERROR(dataplane::Unpin(PinPath(name)));
  }
  return absl::OkStatus();
}

absl::StatusOr<util::ScopedFd> SharedMaps::LoadProgram(
    std::uint32_t slot, const PacketOptions& packets) const {
  FW_ASSIGN_OR_RETURN(const Skeleton skeleton,
                      Load({.slot = slot, .packets = packets}));
  return Duplicate(ProgramFd(skeleton.get()));
}

absl::StatusOr<util::ScopedFd> SharedMaps::LoadTrialProgram() const {
  FW_ASSIGN_OR_RETURN(const Skeleton skeleton,
                      Load({.slot = FW_NO_SLOT,
                            // Ordered rules have no say in what is tried.
                            .tables = {.flipped = FW_ACTIVE_ALL,
                                       .ignored = FW_ACTIVE_HAS_RULES}}));
  return Duplicate(ProgramFd(skeleton.get()));
}

absl::StatusOr<JudgingProgram> SharedMaps::LoadJudgingProgram(
    std::uint32_t slot, const PacketOptions& packets) const {
  FW_ASSIGN_OR_RETURN(const Skeleton skeleton,
                      Load({.slot = slot, .packets = packets, .aside = true}));
  JudgingProgram loaded;
  FW_ASSIGN_OR_RETURN(loaded.program, Duplicate(ProgramFd(skeleton.get())));
  FW_ASSIGN_OR_RETURN(
      loaded.counters,
      Duplicate(bpf_map__fd(FindMap(skeleton.get(), "fw_counters"))));
  return loaded;
}

absl::StatusOr<Skeleton> SharedMaps::Load(const Instance& instance) const {
  FW_ASSIGN_OR_RETURN(const ProgramVariant variant, ChooseVariant());
  FW_ASSIGN_OR_RETURN(Skeleton skeleton, OpenSkeleton(variant));
  FW_RETURN_IF_ERROR(Share(skeleton.get(), instance.aside));
  skeleton->rodata->fw_slot_index = instance.slot;
  skeleton->rodata->fw_trial = instance.tables.flipped;
  skeleton->rodata->fw_ignored = instance.tables.ignored;
  SetPacketOptions(skeleton.get(), instance.packets);
  FW_RETURN_IF_ERROR(LoadSkeleton(skeleton.get()));
  return skeleton;
}

}  // namespace fwagent::dataplane
