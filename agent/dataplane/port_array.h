// One array of blocked ports, filled and read through shared memory.
#ifndef FWAGENT_AGENT_DATAPLANE_PORT_ARRAY_H_
#define FWAGENT_AGENT_DATAPLANE_PORT_ARRAY_H_

#include "absl/status/statusor.h"
#include "agent/policy/port_table.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// A new array with the contents of `table`, which has an entry for each port.
absl::StatusOr<util::ScopedFd> MakePortArray(const policy::PortTable& table);

absl::StatusOr<policy::PortTable> ReadPortArray(int fd);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_PORT_ARRAY_H_
