// The imagined devices of MemoryDataPlane, and what is attached to them.
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/memory_data_plane.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

template <typename Map>
std::vector<std::string> Names(const Map& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

// The name of the device with this index; empty: there is none.
template <typename Devices>
std::string NameOf(const Devices& devices, std::uint32_t ifindex) {
  for (const auto& [name, device] : devices) {
    if (device.ifindex == ifindex) return name;
  }
  return "";
}

// Why a guard that was taken over is not in the mode that is wanted.
std::string ModeDetail(AttachMode mode, ModePreference preference) {
  const AttachMode wanted = preference == ModePreference::kGeneric
                                ? AttachMode::kGeneric
                                : AttachMode::kNative;
  if (preference == ModePreference::kAuto || wanted == mode) return "";
  return OtherModeWantedDetail(mode, wanted);
}

}  // namespace

absl::StatusOr<AttachResult> MemoryDataPlane::Attach(
    const std::string& interface, ModePreference preference) {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(TakeFailure(Operation::kAttach));
  const auto device = devices_.find(interface);
  if (device == devices_.end()) {
    return NoSuchInterface(interface, Names(devices_));
  }
  TakeInStrays();
  const std::string present = GuardOf(device->second.ifindex);
  if (present != interface) MoveAside(interface);
  if (present.empty()) {
    FW_ASSIGN_OR_RETURN(guards_[interface],
                        AttachAnew(interface, device->second, preference));
    return AttachResult{StateOf(interface, guards_[interface]), false};
  }
  Guard guard = guards_[present];
  FW_ASSIGN_OR_RETURN(guard.slot, TakeSlot(interface));
  const std::string detail = ModeDetail(guard.mode, preference);
  if (!detail.empty()) guard.detail = detail;
  guards_.erase(present);
  guards_[interface] = guard;
  return AttachResult{StateOf(interface, guard), true};
}

absl::Status MemoryDataPlane::Detach(const std::string& interface) {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(TakeFailure(Operation::kDetach));
  if (guards_.erase(interface) == 0) {
    return NotGuarded(interface, Names(guards_));
  }
  return absl::OkStatus();
}

absl::Status MemoryDataPlane::Forget(const std::string& interface) {
  const util::MutexLock lock(&mutex_);
  const auto guard = guards_.find(interface);
  if (guard == guards_.end()) return NotGuarded(interface, Names(guards_));
  if (!DeviceOf(guard->second).empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(interface, " is attached: detach it first"));
  }
  if (!NameOf(elsewhere_, guard->second.ifindex).empty()) {
    strays_[absl::StrCat("link:", guard->second.ifindex)] = guard->second;
  }
  guards_.erase(guard);
  return absl::OkStatus();
}

MendReport MemoryDataPlane::Mend() {
  const util::MutexLock lock(&mutex_);
  MendReport report;
  report.trouble = TakeFailure(Operation::kMend);
  if (!report.trouble.ok()) return report;
  TakeInStrays();
  if (std::exchange(cleared_, false)) report.damage = "the tables were cleared";
  for (auto& [name, guard] : guards_) {
    if (std::exchange(guard.pinned, true)) continue;
    report.mended.push_back({name, absl::StrCat("links/", name)});
  }
  return report;
}

void MemoryDataPlane::TakeInStrays() {
  for (auto stray = strays_.begin(); stray != strays_.end();) {
    const bool here = !DeviceOf(stray->second).empty();
    if (here) guards_[stray->first] = stray->second;
    stray = here ? strays_.erase(stray) : std::next(stray);
  }
}

std::vector<std::string> MemoryDataPlane::Devices() {
  const util::MutexLock lock(&mutex_);
  return Names(devices_);
}

std::vector<InterfaceState> MemoryDataPlane::Interfaces() {
  const util::MutexLock lock(&mutex_);
  std::vector<InterfaceState> states;
  for (const auto& [name, guard] : guards_) {
    states.push_back(StateOf(name, guard));
  }
  return states;
}

std::string MemoryDataPlane::GuardOf(std::uint32_t ifindex) const {
  for (const auto& [name, guard] : guards_) {
    if (guard.ifindex == ifindex && !guard.severed) return name;
  }
  return "";
}

std::string MemoryDataPlane::DeviceOf(const Guard& guard) const {
  return guard.severed ? "" : NameOf(devices_, guard.ifindex);
}

void MemoryDataPlane::MoveAside(const std::string& name) {
  const auto guard = guards_.find(name);
  if (guard == guards_.end()) return;
  const std::string stray = absl::StrCat("link:", guard->second.ifindex);
  if (!DeviceOf(guard->second).empty()) {
    guards_[stray] = guard->second;
  } else if (!NameOf(elsewhere_, guard->second.ifindex).empty()) {
    strays_[stray] = guard->second;
  }
  guards_.erase(name);
}

InterfaceState MemoryDataPlane::StateOf(const std::string& name,
                                        const Guard& guard) const {
  InterfaceState state{.name = name};
  const std::string here = DeviceOf(guard);
  if (!here.empty()) {
    state.ifindex = guard.ifindex;
    state.mode = guard.mode;
    state.detail = here == name ? guard.detail : DeviceRenamedDetail(here);
    if (here != name) state.renamed_to = here;
    return state;
  }
  const auto device = devices_.find(name);
  if (device != devices_.end()) state.ifindex = device->second.ifindex;
  if (!NameOf(elsewhere_, guard.ifindex).empty()) {
    state.detail = DeviceMovedDetail();
  } else {
    state.detail =
        state.ifindex == 0 ? DeviceGoneDetail() : DeviceReplacedDetail();
  }
  return state;
}

void MemoryDataPlane::AddInterface(const std::string& name, bool native) {
  const util::MutexLock lock(&mutex_);
  devices_[name] = {.ifindex = next_ifindex_++, .native = native};
}

void MemoryDataPlane::RemoveInterface(const std::string& name) {
  const util::MutexLock lock(&mutex_);
  devices_.erase(name);
}

void MemoryDataPlane::RenameInterface(const std::string& name,
                                      const std::string& new_name) {
  const util::MutexLock lock(&mutex_);
  const Device device = devices_.at(name);
  devices_.erase(name);
  devices_[new_name] = device;
}

void MemoryDataPlane::MoveAway(const std::string& name) {
  const util::MutexLock lock(&mutex_);
  elsewhere_.insert(devices_.extract(name));
}

void MemoryDataPlane::MoveBack(const std::string& name) {
  const util::MutexLock lock(&mutex_);
  devices_.insert(elsewhere_.extract(name));
}

void MemoryDataPlane::SeverLink(const std::string& name) {
  const util::MutexLock lock(&mutex_);
  guards_.at(name).severed = true;
}

void MemoryDataPlane::ClearTables() {
  const util::MutexLock lock(&mutex_);
  cleared_ = true;
  sources_.clear();
  ports_.fill(policy::PortTable());
}

void MemoryDataPlane::LosePin(const std::string& name) {
  const util::MutexLock lock(&mutex_);
  guards_.at(name).pinned = false;
}

}  // namespace fwagent::dataplane
