// Compilation of overlapping port ranges to one answer for each port.
#ifndef FWAGENT_AGENT_POLICY_PORT_TABLE_H_
#define FWAGENT_AGENT_POLICY_PORT_TABLE_H_

#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "agent/policy/deadline.h"
#include "agent/policy/port_range.h"
#include "agent/policy/rule.h"

namespace fwagent::policy {

// A rule that blocks ports, and when that ends. An id stands for the rule that
// never does; id 0 for none.
struct PortRule {
  // NOLINTNEXTLINE(google-explicit-constructor): most rules never end.
  PortRule(RuleId rule_id = 0, Deadline rule_until = kForever)
      : id(rule_id), until(rule_until) {}

  bool operator==(const PortRule&) const = default;
  template <typename H>
  friend H AbslHashValue(H state, const PortRule& rule) {
    return H::combine(std::move(state), rule.id, rule.until);
  }

  RuleId id;
  Deadline until;
};

// The rule that blocks each port, indexed by port: 65,536 entries, or none at
// all when no rule of the protocol is left.
using PortTable = std::vector<PortRule>;

// The port rules alone, in order of protocol and range; of one range there may
// be several.
using PortRules = absl::btree_multimap<PortRange, PortRule>;

// Takes out one rule, if it is there.
void ErasePortRule(const PortRange& range, RuleId id, PortRules& rules);

// Where ranges overlap, the rule that ends last stands for all of them: the
// port is blocked as long as one of them says so. Among those that end at the
// same time the narrowest range names the rule, then the lowest id.
PortTable CompilePortTable(const PortRules& rules, Protocol protocol);

// The maximal runs of ports with the same rule and deadline: what can be said
// of a table whose rules are lost. In order of first port.
struct PortRun {
  PortRange ports;
  RuleId rule_id;
  Deadline until = kForever;
  bool operator==(const PortRun&) const = default;
};
std::vector<PortRun> PortRuns(Protocol protocol, const PortTable& table);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PORT_TABLE_H_
