// Start-up with a new store: what the kernel enforces becomes its content.
#ifndef FWAGENT_AGENT_CORE_ADOPT_H_
#define FWAGENT_AGENT_CORE_ADOPT_H_

#include "absl/status/statusor.h"
#include "agent/core/clocks.h"
#include "agent/dataplane/data_plane.h"
#include "agent/store/store.h"

namespace fwagent::core {

// The rules behind live tables whose store is lost; of the port tables in
// `ports` and of the source tables that `data_plane` reads. Comments and times
// are gone; rules may come back in another shape that blocks the same addresses
// and ports. Source rules other than blocks are dropped.
//
// The first rule with an id that the kernel holds keeps it. The others, and all
// rules to come, get ids from the microseconds of the wall clock on: the lost
// store gave fewer than one id in a microsecond, so that none is given again.
//
// DATA_LOSS: a table cannot be read.
absl::StatusOr<store::Delta> AdoptLiveRules(dataplane::DataPlane& data_plane,
                                            const dataplane::LivePorts& ports,
                                            const Moment& now);

// What is kept of the first generation of a store that begins with these rules.
store::UndoableEntry AdoptionEntry(const store::Delta& adopted, absl::Time now);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_ADOPT_H_
