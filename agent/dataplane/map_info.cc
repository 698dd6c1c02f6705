#include "agent/dataplane/map_info.h"

#include <bpf/bpf.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {

absl::StatusOr<bpf_map_info> GetMapInfo(int fd) {
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) {
    return util::ErrnoToStatus(errno, "ask what a map is");
  }
  return info;
}

absl::StatusOr<util::ScopedFd> OpenPinnedMap(const std::string& path) {
  FW_ASSIGN_OR_RETURN(OpenedPin pin, OpenPin(path));
  if (pin.kind != PinKind::kMap) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        " is pinned there but is no map: remove it, or use another "
        "--pin-dir"));
  }
  return std::move(pin.fd);
}

absl::Status PinMap(int fd, const std::string& path) {
  absl::Status pinned = Pin(fd, path);
  if (!absl::IsAlreadyExists(pinned)) return pinned;
  FW_ASSIGN_OR_RETURN(const util::ScopedFd present, OpenPinnedMap(path));
  FW_ASSIGN_OR_RETURN(const bpf_map_info theirs, GetMapInfo(present.get()));
  FW_ASSIGN_OR_RETURN(const bpf_map_info ours, GetMapInfo(fd));
  return theirs.id == ours.id ? absl::OkStatus() : pinned;
}

}  // namespace fwagent::dataplane
