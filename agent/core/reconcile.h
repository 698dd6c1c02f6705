// Start-up: the kernel is made to enforce what the store acknowledged.
#ifndef FWAGENT_AGENT_CORE_RECONCILE_H_
#define FWAGENT_AGENT_CORE_RECONCILE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "agent/dataplane/data_plane.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule_set.h"

namespace fwagent::core {

// What was done to the kernel's tables.
struct Repairs {
  std::size_t sources_loaded = 0;
  std::size_t port_tables_replaced = 0;
};

// Makes the data plane enforce exactly `rules`: all sources at one instant,
// then each port table that is not as it should be in `live`.
absl::StatusOr<Repairs> Reconcile(const policy::RuleSet& rules,
                                  const policy::SetTable& sets,
                                  const dataplane::LivePorts& live,
                                  dataplane::DataPlane& data_plane);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_RECONCILE_H_
