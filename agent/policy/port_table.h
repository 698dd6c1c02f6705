// Compilation of overlapping port ranges to one answer for each port.
#ifndef FWAGENT_AGENT_POLICY_PORT_TABLE_H_
#define FWAGENT_AGENT_POLICY_PORT_TABLE_H_

#include <vector>

#include "absl/container/btree_map.h"
#include "agent/policy/port_range.h"
#include "agent/policy/rule.h"

namespace fwagent::policy {

// The rule that blocks each port, indexed by port, 0 for none: 65,536 entries,
// or none at all when no rule of the protocol is left.
using PortTable = std::vector<RuleId>;

// The port rules alone, in order of protocol and range.
using PortRules = absl::btree_map<PortRange, RuleId>;

// Where ranges overlap, the narrowest one names the rule; among ranges of the
// same width the lowest id.
PortTable CompilePortTable(const PortRules& rules, Protocol protocol);

// The maximal runs of ports with the same rule: what can be said of a table
// whose rules are lost. In order of first port.
struct PortRun {
  PortRange ports;
  RuleId rule_id;
  bool operator==(const PortRun&) const = default;
};
std::vector<PortRun> PortRuns(Protocol protocol, const PortTable& table);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PORT_TABLE_H_
