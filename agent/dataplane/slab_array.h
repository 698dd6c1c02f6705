// The kernel calls behind slabs: single arrays, and their places in fw_slabs.
#ifndef FWAGENT_AGENT_DATAPLANE_SLAB_ARRAY_H_
#define FWAGENT_AGENT_DATAPLANE_SLAB_ARRAY_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// A new slab of zeros. RESOURCE_EXHAUSTED: no memory, or no descriptors.
absl::StatusOr<util::ScopedFd> MakeSlab();

// Makes the slab's memory appear at `place`, in addresses that are reserved;
// and reserves them again.
absl::Status MapSlab(int fd, void* place);
void UnmapSlab(void* place);

// The id of the slab with a number; 0 when there is none.
absl::StatusOr<std::uint32_t> ConnectedId(int slabs_fd, std::uint32_t number);

// Puts slabs into the places with these numbers. On error some may be there.
absl::Status ConnectSlabs(int slabs_fd,
                          const std::vector<std::uint32_t>& numbers,
                          const std::vector<int>& fds);

// Takes slabs out of these places. An empty slab takes their place, because the
// kernel can write many places with one call, but clear only one; where that
// cannot be had (negative), they are cleared one by one.
absl::Status DisconnectSlabs(int slabs_fd,
                             const std::vector<std::uint32_t>& numbers,
                             int empty_fd);

// Changes nothing, and waits for programs that run.
absl::Status TouchSlabs(int slabs_fd);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_SLAB_ARRAY_H_
