// What becomes of guards whose devices go, move or return, and of their pins.
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/guarded_interfaces.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

// Pins of links that have no name at the moment start with this. No interface
// does: the kernel refuses colons.
constexpr char kStray[] = "link:";

std::string StrayName(const XdpLinkInfo& link) {
  return absl::StrCat(kStray, link.link_id);
}

}  // namespace

// Another device has the name now. The rename is one step: the link never goes
// without a pin.
absl::Status GuardedInterfaces::MoveAside(const std::string& interface,
                                          const XdpLinkInfo& link) {
  const std::string stray = StrayName(link);
  if (std::rename(PinPath(interface).c_str(), PinPath(stray).c_str()) != 0) {
    return util::ErrnoToStatus(
        errno, absl::StrCat("rename the pin ", PinPath(interface)));
  }
  const Guards guards = Snapshot();
  const auto found = guards.find(interface);
  if (found == guards.end()) return absl::OkStatus();
  if (link.here()) Insert(stray, found->second);
  Erase(interface);
  return absl::OkStatus();
}

absl::Status GuardedInterfaces::Forget(const std::string& interface) {
  const Guards guards = Snapshot();
  const auto found = guards.find(interface);
  if (found == guards.end()) return NotGuarded(interface, {});
  FW_ASSIGN_OR_RETURN(const XdpLinkInfo info,
                      GetXdpLinkInfo(found->second.link->get()));
  if (info.here()) {
    return absl::FailedPreconditionError(
        absl::StrCat(interface, " is attached: detach it first"));
  }
  if (!info.severed()) {
    // Whatever was removed meanwhile: without a pin the filter would end here.
    FW_RETURN_IF_ERROR(MendPin(interface, found->second).status());
    return MoveAside(interface, info);
  }
  const auto pinned = OpenPinnedXdpLink(PinPath(interface));
  if (pinned.ok()) {
    FW_ASSIGN_OR_RETURN(const XdpLinkInfo theirs,
                        GetXdpLinkInfo(pinned->get()));
    if (theirs.severed()) FW_RETURN_IF_ERROR(Unpin(PinPath(interface)));
  }
  Erase(interface);
  return absl::OkStatus();
}

// Whether there was something to mend.
absl::StatusOr<bool> GuardedInterfaces::MendPin(const std::string& interface,
                                                const Guard& guard) {
  const std::string path = PinPath(interface);
  const auto pinned = OpenPinnedXdpLink(path);
  if (pinned.ok()) {
    FW_ASSIGN_OR_RETURN(const XdpLinkInfo theirs,
                        GetXdpLinkInfo(pinned->get()));
    FW_ASSIGN_OR_RETURN(const XdpLinkInfo ours,
                        GetXdpLinkInfo(guard.link->get()));
    if (theirs.link_id == ours.link_id) return false;
  } else if (!absl::IsNotFound(pinned.status())) {
    return pinned.status();
  }
  FW_RETURN_IF_ERROR(PinXdpLink(guard.link->get(), path));
  return true;
}

// Links that were moved aside: those that are back in this network namespace
// are guards again, those whose devices are gone leave no pin.
absl::Status GuardedInterfaces::TakeInStrays() {
  const Guards guards = Snapshot();
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> pins,
                      ListFolder(pin_folder_));
  for (const std::string& pin : pins) {
    if (!pin.starts_with(kStray) || guards.contains(pin)) continue;
    auto link = OpenPinnedXdpLink(absl::StrCat(pin_folder_, "/", pin));
    if (!link.ok()) continue;  // none of ours
    FW_ASSIGN_OR_RETURN(const XdpLinkInfo info, GetXdpLinkInfo(link->get()));
    if (info.severed()) {
      FW_RETURN_IF_ERROR(Unpin(absl::StrCat(pin_folder_, "/", pin)));
    } else if (info.here()) {
      Insert(pin, {.link = std::make_shared<util::ScopedFd>(*std::move(link)),
                   .slot = std::nullopt,
                   .detail = ""});
    }
  }
  return absl::OkStatus();
}

MendReport GuardedInterfaces::Mend() {
  MendReport report;
  report.trouble = TakeInStrays();
  for (const auto& [name, guard] : Snapshot()) {
    const auto mended = MendPin(name, guard);
    if (!mended.ok()) {
      report.trouble = mended.status();
    } else if (*mended) {
      report.mended.push_back({.interface = name, .path = PinPath(name)});
    }
  }
  return report;
}

}  // namespace fwagent::dataplane
