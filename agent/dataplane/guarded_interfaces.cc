#include "agent/dataplane/guarded_interfaces.h"

#include <bpf/bpf.h>
#include <spdlog/spdlog.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/net_devices.h"
#include "agent/dataplane/xdp_link.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

// Why a link that was taken over is not as wanted.
std::string TakenOverDetail(AttachMode present, ModePreference preference) {
  if (preference == ModePreference::kAuto) {
    return present == AttachMode::kGeneric
               ? "an earlier run attached it in generic mode"
               : "";
  }
  const AttachMode wanted = preference == ModePreference::kNative
                                ? AttachMode::kNative
                                : AttachMode::kGeneric;
  return wanted == present ? "" : OtherModeWantedDetail(present, wanted);
}

InterfaceState StateOf(const std::string& name, const Guard& guard) {
  InterfaceState state{.name = name, .ifindex = InterfaceIndex(name)};
  const auto info = GetXdpLinkInfo(guard.link->get());
  if (!info.ok()) {
    state.detail = util::ToLogText(info.status());
  } else if (info->severed()) {
    state.detail =
        state.ifindex == 0 ? DeviceGoneDetail() : DeviceReplacedDetail();
  } else if (!info->here()) {
    state.detail = DeviceMovedDetail();
  } else if (info->ifindex != state.ifindex) {
    state.mode = info->mode;
    state.ifindex = info->ifindex;
    state.renamed_to = InterfaceName(info->ifindex);
    state.detail = DeviceRenamedDetail(state.renamed_to);
  } else {
    state.mode = info->mode;
    state.detail = guard.detail;
  }
  return state;
}

}  // namespace

std::string GuardedInterfaces::PinPath(const std::string& interface) const {
  return absl::StrCat(pin_folder_, "/", EncodePinName(interface));
}

GuardedInterfaces::Guards GuardedInterfaces::Snapshot() const {
  const util::MutexLock lock(&mutex_);
  return guards_;
}

void GuardedInterfaces::Insert(const std::string& name, const Guard& guard) {
  const util::MutexLock lock(&mutex_);
  guards_[name] = guard;
}

void GuardedInterfaces::Erase(const std::string& name) {
  const util::MutexLock lock(&mutex_);
  guards_.erase(name);
}

std::vector<InterfaceState> GuardedInterfaces::States() const {
  std::vector<InterfaceState> states;
  for (const auto& [name, guard] : Snapshot()) {
    states.push_back(StateOf(name, guard));
  }
  return states;
}

absl::Status GuardedInterfaces::Adopt(const SlotFinder& find_slot) {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> pins,
                      ListFolder(pin_folder_));
  for (const std::string& pin : pins) {
    FW_RETURN_IF_ERROR(AdoptPin(pin, find_slot));
  }
  return absl::OkStatus();
}

absl::Status GuardedInterfaces::AdoptPin(const std::string& pin_name,
                                         const SlotFinder& find_slot) {
  const std::string path = absl::StrCat(pin_folder_, "/", pin_name);
  const std::optional<std::string> name = DecodePinName(pin_name);
  auto link = OpenPinnedXdpLink(path);
  if (!name.has_value() || absl::IsFailedPrecondition(link.status())) {
    spdlog::warn("left alone: {}, which is no link of ours", path);
    return absl::OkStatus();
  }
  FW_RETURN_IF_ERROR(link.status());
  FW_ASSIGN_OR_RETURN(const XdpLinkInfo info, GetXdpLinkInfo(link->get()));
  if (info.severed()) {
    spdlog::warn("{}: {}; removed its pin", *name, DeviceGoneDetail());
    return Unpin(path);
  }
  if (!info.here()) {
    spdlog::warn("left alone: {}, a filter of another network namespace", path);
    return absl::OkStatus();
  }
  FW_ASSIGN_OR_RETURN(const auto slot, find_slot(*name));
  spdlog::info("{}: found the filter of an earlier run, {}", *name,
               ModeName(info.mode));
  Insert(*name, {.link = std::make_shared<util::ScopedFd>(*std::move(link)),
                 .slot = slot,
                 .detail = TakenOverDetail(info.mode, ModePreference::kAuto)});
  return absl::OkStatus();
}

absl::StatusOr<AttachResult> GuardedInterfaces::Attach(
    const std::string& interface, ModePreference preference) {
  const std::uint32_t ifindex = InterfaceIndex(interface);
  if (ifindex == 0) return NoSuchInterface(interface, InterfaceNames());
  FW_RETURN_IF_ERROR(ClearPin(interface, ifindex));
  FW_ASSIGN_OR_RETURN(std::string present, FindOn(ifindex));
  if (present.empty()) {
    // It may be back from another network namespace, with our program.
    FW_RETURN_IF_ERROR(TakeInStrays());
    FW_ASSIGN_OR_RETURN(present, FindOn(ifindex));
  }
  return present.empty() ? AttachAnew(interface, ifindex, preference)
                         : TakeOver(present, interface, preference);
}

// Makes the pin's name free, unless it is that of a link on this very device.
absl::Status GuardedInterfaces::ClearPin(const std::string& interface,
                                         std::uint32_t ifindex) {
  const std::string path = PinPath(interface);
  const auto link = OpenPinnedXdpLink(path);
  if (absl::IsNotFound(link.status())) return absl::OkStatus();
  FW_RETURN_IF_ERROR(link.status());
  FW_ASSIGN_OR_RETURN(const XdpLinkInfo info, GetXdpLinkInfo(link->get()));
  if (info.severed()) return absl::OkStatus();
  if (info.here() && info.ifindex == ifindex) return absl::OkStatus();
  if (Snapshot().contains(interface)) return MoveAside(interface, info);
  return absl::FailedPreconditionError(absl::StrCat(
      path,
      " is the filter of an interface in another network namespace, or of "
      "another agent: give this agent a --pin-dir of its own"));
}

// The name under which the device is guarded, which is an old one when it was
// renamed; empty when it is not guarded.
absl::StatusOr<std::string> GuardedInterfaces::FindOn(
    std::uint32_t ifindex) const {
  for (const auto& [name, guard] : Snapshot()) {
    FW_ASSIGN_OR_RETURN(const XdpLinkInfo info,
                        GetXdpLinkInfo(guard.link->get()));
    if (info.ifindex == ifindex && info.here()) return name;
  }
  return "";
}

// Replaces the program through its link, so that no packet goes unfiltered.
absl::StatusOr<AttachResult> GuardedInterfaces::TakeOver(
    const std::string& old_name, const std::string& interface,
    ModePreference preference) {
  Guard guard = Snapshot().at(old_name);
  FW_ASSIGN_OR_RETURN(const LoadedProgram program, load_(interface));
  const int link = guard.link->get();
  if (bpf_link_update(link, program.fd->get(), nullptr) != 0) {
    if (errno == ENOLINK) return absl::UnavailableError(DeviceGoneDetail());
    return util::ErrnoToStatus(
        errno, absl::StrCat("replace the program on ", interface));
  }
  FW_RETURN_IF_ERROR(PinXdpLink(link, PinPath(interface)));
  if (old_name != interface) {
    FW_RETURN_IF_ERROR(Unpin(PinPath(old_name)));
    Erase(old_name);
  }
  guard.slot = program.slot;
  FW_ASSIGN_OR_RETURN(const XdpLinkInfo info, GetXdpLinkInfo(link));
  guard.detail = TakenOverDetail(info.mode, preference);
  Insert(interface, guard);
  return AttachResult{StateOf(interface, guard), true};
}

absl::StatusOr<AttachResult> GuardedInterfaces::AttachAnew(
    const std::string& interface, std::uint32_t ifindex,
    ModePreference preference) {
  FW_ASSIGN_OR_RETURN(const XdpPrograms programs, QueryXdp(ifindex));
  if (programs.Any() != 0) {
    return ForeignProgram(interface, programs.Any(),
                          programs.ModeOf(programs.Any()));
  }
  FW_ASSIGN_OR_RETURN(const LoadedProgram program, load_(interface));
  FW_ASSIGN_OR_RETURN(
      CreatedXdpLink created,
      CreateXdpLink(program.fd->get(), interface, ifindex, preference));
  // When this fails, closing the descriptor takes the program off again.
  FW_RETURN_IF_ERROR(PinXdpLink(created.fd.get(), PinPath(interface)));
  const Guard guard{
      .link = std::make_shared<util::ScopedFd>(std::move(created.fd)),
      .slot = program.slot,
      .detail = created.detail};
  Insert(interface, guard);
  return AttachResult{StateOf(interface, guard), false};
}

absl::Status GuardedInterfaces::Detach(const std::string& interface) {
  const Guards guards = Snapshot();
  const auto found = guards.find(interface);
  if (found == guards.end()) {
    std::vector<std::string> names;
    for (const auto& [name, guard] : guards) names.push_back(name);
    return NotGuarded(interface, names);
  }
  const int link = found->second.link->get();
  FW_ASSIGN_OR_RETURN(const XdpLinkInfo before, GetXdpLinkInfo(link));
  // Closing and unpinning alone would let the kernel take it off later.
  if (bpf_link_detach(link) != 0) {
    return util::ErrnoToStatus(errno, absl::StrCat("detach ", interface));
  }
  const absl::Status unpinned = Unpin(PinPath(interface));
  util::WarnUnlessOk(unpinned);
  Erase(interface);
  if (!before.here()) return absl::OkStatus();
  const auto programs = QueryXdp(before.ifindex);
  if (!programs.ok() ||
      programs->ModeOf(before.program_id) == AttachMode::kNone) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat(interface,
                   " still carries our program, though the kernel agreed to "
                   "take it off"));
}

}  // namespace fwagent::dataplane
