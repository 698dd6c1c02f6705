// The ordered rules as the data plane gets them.
#ifndef FWAGENT_AGENT_POLICY_ORDERED_RULES_H_
#define FWAGENT_AGENT_POLICY_ORDERED_RULES_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "agent/policy/deadline.h"
#include "agent/policy/packet_match.h"
#include "agent/policy/prefix.h"
#include "agent/policy/rule.h"

namespace fwagent::policy {

struct OrderedRule {
  RuleId id = 0;
  PacketMatch match;
  Action action = Action::kDrop;
  Deadline until = kForever;

  bool operator==(const OrderedRule&) const = default;
};

struct OrderedRules {
  // The first one that matches decides.
  std::vector<OrderedRule> rules;
  // What is in the sets that they name. A set that is not there is empty.
  std::map<std::string, std::vector<Prefix>> sets;

  bool operator==(const OrderedRules&) const = default;
};

// As many as the kernel's side holds.
inline constexpr std::size_t kMaxOrderedRules = 4096;

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_ORDERED_RULES_H_
