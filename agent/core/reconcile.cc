#include "agent/core/reconcile.h"

#include <array>
#include <cstddef>
#include <vector>

#include "agent/core/ordered.h"
#include "agent/core/sources.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {

absl::StatusOr<Repairs> Reconcile(const policy::RuleSet& rules,
                                  const policy::SetTable& sets,
                                  const dataplane::LivePorts& live,
                                  dataplane::DataPlane& data_plane) {
  Repairs repairs;
  const std::vector<policy::SourceRule> sources = SourcesOf(rules, sets);
  repairs.sources_loaded = sources.size();
  std::array<policy::PortTable, policy::kProtocols.size()> ports;
  dataplane::NewTables next{.sources = &sources, .ports = {}};
  for (const policy::Protocol protocol : policy::kProtocols) {
    const auto index = static_cast<std::size_t>(protocol);
    ports[index] = policy::CompilePortTable(rules.port_rules(), protocol);
    if (live[index].has_value() && *live[index] == ports[index]) continue;
    next.ports[index] = &ports[index];
    ++repairs.port_tables_replaced;
  }
  const policy::OrderedRules ordered = OrderedOf(rules, sets);
  next.ordered = &ordered;
  FW_RETURN_IF_ERROR(data_plane.ReplaceTables(next));
  return repairs;
}

}  // namespace fwagent::core
