#include "agent/dataplane/xdp_link.h"

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/net_devices.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

absl::Status NoXdpLink(const std::string& what) {
  return absl::FailedPreconditionError(absl::StrCat(
      what, " is no XDP link: remove it, or use another --pin-dir"));
}

// What an errno means when a driver is asked to take a program.
std::string WhyRefused(int error) {
  switch (error) {
    case EOPNOTSUPP:
      return "the driver has no native XDP";
    case ERANGE:
      return "the MTU is too large for XDP in this driver";
    case EINVAL:
      return "the driver does not take XDP with the present MTU, queues or "
             "offloads; the kernel log may say which";
    case ENOMEM:
      return "the driver found no memory for XDP";
    case ENOSPC:
      return "the driver has no queues left for XDP";
    default:
      return std::string(
          util::ErrnoToStatus(error, "the driver refused").message());
  }
}

// The errors that another mode would not change.
bool IsFinal(int error) {
  return error == EBUSY || error == EEXIST || error == EPERM || error == ENODEV;
}

absl::Status CreateError(int error, const std::string& interface,
                         std::uint32_t ifindex, AttachMode mode) {
  if (error == EBUSY || error == EEXIST) {
    FW_ASSIGN_OR_RETURN(const XdpPrograms programs, QueryXdp(ifindex));
    const std::uint32_t id = programs.Any();
    return ForeignProgram(interface, id, programs.ModeOf(id));
  }
  if (error == EPERM) {
    return NoPermission(absl::StrCat("attach to ", interface));
  }
  if (error == ENODEV) return NoSuchInterface(interface, InterfaceNames());
  return ModeNotAvailable(interface, mode, WhyRefused(error));
}

// A descriptor, or minus errno.
int Create(int program_fd, std::uint32_t ifindex, AttachMode mode) {
  bpf_link_create_opts options{};
  options.sz = sizeof(options);
  options.flags =
      mode == AttachMode::kNative ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
  const int fd =
      bpf_link_create(program_fd, static_cast<int>(ifindex), BPF_XDP, &options);
  return fd >= 0 ? fd : -errno;
}

}  // namespace

absl::StatusOr<XdpLinkInfo> GetXdpLinkInfo(int fd) {
  bpf_link_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) {
    return util::ErrnoToStatus(errno, "ask what a BPF link is");
  }
  if (info.type != BPF_LINK_TYPE_XDP) return NoXdpLink("this BPF link");
  XdpLinkInfo result{.link_id = info.id,
                     .program_id = info.prog_id,
                     .ifindex = info.xdp.ifindex};
  if (result.severed() || InterfaceName(result.ifindex).empty()) return result;
  FW_ASSIGN_OR_RETURN(const XdpPrograms programs, QueryXdp(result.ifindex));
  result.mode = programs.ModeOf(result.program_id);
  return result;
}

absl::StatusOr<util::ScopedFd> OpenPinnedXdpLink(const std::string& path) {
  FW_ASSIGN_OR_RETURN(OpenedPin pin, OpenPin(path));
  if (pin.kind != PinKind::kLink) return NoXdpLink(path);
  const auto info = GetXdpLinkInfo(pin.fd.get());
  if (absl::IsFailedPrecondition(info.status())) return NoXdpLink(path);
  FW_RETURN_IF_ERROR(info.status());
  return std::move(pin.fd);
}

absl::Status PinXdpLink(int fd, const std::string& path) {
  absl::Status pinned = Pin(fd, path);
  if (!absl::IsAlreadyExists(pinned)) return pinned;
  FW_ASSIGN_OR_RETURN(const util::ScopedFd present, OpenPinnedXdpLink(path));
  FW_ASSIGN_OR_RETURN(const XdpLinkInfo theirs, GetXdpLinkInfo(present.get()));
  FW_ASSIGN_OR_RETURN(const XdpLinkInfo ours, GetXdpLinkInfo(fd));
  if (theirs.link_id == ours.link_id) return absl::OkStatus();
  if (!theirs.severed()) return pinned;
  FW_RETURN_IF_ERROR(Unpin(path));
  return Pin(fd, path);
}

absl::StatusOr<CreatedXdpLink> CreateXdpLink(int program_fd,
                                             const std::string& interface,
                                             std::uint32_t ifindex,
                                             ModePreference preference) {
  CreatedXdpLink created;
  AttachMode mode = preference == ModePreference::kGeneric
                        ? AttachMode::kGeneric
                        : AttachMode::kNative;
  int result = Create(program_fd, ifindex, mode);
  if (result < 0 && preference == ModePreference::kAuto && !IsFinal(-result)) {
    created.detail = FellBackDetail(WhyRefused(-result));
    mode = AttachMode::kGeneric;
    result = Create(program_fd, ifindex, mode);
  }
  if (result < 0) return CreateError(-result, interface, ifindex, mode);
  created.fd.reset(result);
  return created;
}

}  // namespace fwagent::dataplane
