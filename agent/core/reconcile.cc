#include "agent/core/reconcile.h"

#include <vector>

#include "agent/core/sources.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {

absl::StatusOr<Repairs> Reconcile(const policy::RuleSet& rules,
                                  const policy::SetTable& sets,
                                  const dataplane::LivePorts& live,
                                  dataplane::DataPlane& data_plane) {
  Repairs repairs;
  const std::vector<policy::SourceRule> sources = SourcesOf(rules, sets);
  FW_RETURN_IF_ERROR(data_plane.ReplaceSources(sources));
  repairs.sources_loaded = sources.size();
  for (const policy::Protocol protocol : policy::kProtocols) {
    const policy::PortTable wanted =
        policy::CompilePortTable(rules.port_rules(), protocol);
    const auto& enforced = live[static_cast<std::size_t>(protocol)];
    if (enforced.has_value() && *enforced == wanted) continue;
    FW_RETURN_IF_ERROR(data_plane.ReplacePorts(protocol, wanted));
    ++repairs.port_tables_replaced;
  }
  return repairs;
}

}  // namespace fwagent::core
