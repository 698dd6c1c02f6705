// Start-up: what the store acknowledged against what the kernel enforces.
#ifndef FWAGENT_AGENT_CORE_RECONCILE_H_
#define FWAGENT_AGENT_CORE_RECONCILE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/dataplane/data_plane.h"
#include "agent/policy/rule_set.h"
#include "agent/store/store.h"

namespace fwagent::core {

// What had to be done to the kernel's tables.
struct Repairs {
  std::size_t sources_added = 0;
  std::size_t sources_removed = 0;
  std::size_t port_tables_replaced = 0;
};

// Makes the data plane enforce exactly `rules`. Blocks that are missing come
// in before blocks that are too many go, as far as there is room, so that
// nothing acknowledged is let through on the way.
absl::StatusOr<Repairs> Reconcile(const policy::RuleSet& rules,
                                  const dataplane::LiveRules& live,
                                  dataplane::DataPlane& data_plane);

// The rules behind live tables whose store is lost, each under the id that the
// kernel holds where that is still free. Comments and times are gone; ranges
// that overlapped come back as runs that block the same ports.
absl::StatusOr<store::Delta> AdoptLiveRules(const dataplane::LiveRules& live,
                                            absl::Time now);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_RECONCILE_H_
