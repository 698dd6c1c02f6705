// BPF links that hold an XDP program on a device.
#ifndef FWAGENT_AGENT_DATAPLANE_XDP_LINK_H_
#define FWAGENT_AGENT_DATAPLANE_XDP_LINK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/data_plane.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// What the kernel says of a link now.
struct XdpLinkInfo {
  std::uint32_t link_id = 0;
  std::uint32_t program_id = 0;
  std::uint32_t ifindex = 0;  // 0: severed, its device is gone
  // How it is attached to that device; kNone also when the device is in
  // another network namespace, where the same index may be another device.
  AttachMode mode = AttachMode::kNone;

  bool severed() const { return ifindex == 0; }
  bool here() const { return mode != AttachMode::kNone; }
};

// FAILED_PRECONDITION: the descriptor is no XDP link.
absl::StatusOr<XdpLinkInfo> GetXdpLinkInfo(int fd);

// Opens a pinned link. NOT_FOUND: nothing is pinned there; FAILED_PRECONDITION:
// something that is no XDP link.
absl::StatusOr<util::ScopedFd> OpenPinnedXdpLink(const std::string& path);

// Pins a link, or finds it pinned there already; the pin of a severed link is
// replaced. ALREADY_EXISTS: another live link is pinned there.
absl::Status PinXdpLink(int fd, const std::string& path);

struct CreatedXdpLink {
  util::ScopedFd fd;
  std::string detail;  // why not natively, else empty
};

// Puts a program on a device that carries none. FAILED_PRECONDITION: there is
// a foreign program, or the mode cannot be had.
absl::StatusOr<CreatedXdpLink> CreateXdpLink(int program_fd,
                                             const std::string& interface,
                                             std::uint32_t ifindex,
                                             ModePreference preference);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_XDP_LINK_H_
