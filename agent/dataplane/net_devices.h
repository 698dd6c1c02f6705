// Network devices as the kernel has them in this network namespace.
#ifndef FWAGENT_AGENT_DATAPLANE_NET_DEVICES_H_
#define FWAGENT_AGENT_DATAPLANE_NET_DEVICES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/dataplane/data_plane.h"

namespace fwagent::dataplane {

// 0: there is no such interface.
std::uint32_t InterfaceIndex(const std::string& name);

// Empty: there is no such interface.
std::string InterfaceName(std::uint32_t ifindex);

// Every interface, in order of index.
std::vector<std::string> InterfaceNames();

// The XDP programs on a device, one for each mode; 0 is none.
struct XdpPrograms {
  std::uint32_t native_id = 0;
  std::uint32_t generic_id = 0;
  std::uint32_t offloaded_id = 0;

  // How the program with this id is attached. An offloaded one counts as
  // native: it is in the driver's hands.
  AttachMode ModeOf(std::uint32_t program_id) const;
  // The id of any of them; 0 when there is none.
  std::uint32_t Any() const;
};

absl::StatusOr<XdpPrograms> QueryXdp(std::uint32_t ifindex);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_NET_DEVICES_H_
