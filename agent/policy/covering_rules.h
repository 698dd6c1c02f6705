// What rules for prefixes say of one address, without tables.
#ifndef FWAGENT_AGENT_POLICY_COVERING_RULES_H_
#define FWAGENT_AGENT_POLICY_COVERING_RULES_H_

#include <array>
#include <bitset>
#include <vector>

#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"

namespace fwagent::policy {

// Answers by searching the rules for each length that there is: slow, but by
// another way than the tables.
class CoveringRules {
 public:
  // In order of family, address and length, no prefix twice; the caller's, and
  // they must outlive the object.
  explicit CoveringRules(const std::vector<SourceRule>& rules);

  // What they say of a host.
  SourceMeaning MeaningOf(const Prefix& host) const;

 private:
  const std::vector<SourceRule>& rules_;
  std::array<std::bitset<129>, kFamilies> lengths_;
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_COVERING_RULES_H_
