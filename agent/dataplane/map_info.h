// What the kernel says of a map.
#ifndef FWAGENT_AGENT_DATAPLANE_MAP_INFO_H_
#define FWAGENT_AGENT_DATAPLANE_MAP_INFO_H_

#include <linux/bpf.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

absl::StatusOr<bpf_map_info> GetMapInfo(int fd);

// Opens a pinned map. NOT_FOUND: nothing is pinned there;
// FAILED_PRECONDITION: something that is no map.
absl::StatusOr<util::ScopedFd> OpenPinnedMap(const std::string& path);

// Pins a map, or finds it pinned there already. ALREADY_EXISTS: something else
// is.
absl::Status PinMap(int fd, const std::string& path);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_MAP_INFO_H_
