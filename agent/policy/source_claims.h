// What several holders, rules and sets, say of one prefix together.
#ifndef FWAGENT_AGENT_POLICY_SOURCE_CLAIMS_H_
#define FWAGENT_AGENT_POLICY_SOURCE_CLAIMS_H_

#include <vector>

#include "agent/policy/deadline.h"
#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"

namespace fwagent::policy {

// Gathers the claims to one prefix. An allow beats a block; of two claims with
// the same verdict the one that ends later stands, of equals the lower id.
class SourceClaims {
 public:
  explicit SourceClaims(const Prefix& prefix) : prefix_(prefix) {}

  void Add(SourceVerdict verdict, RuleId id, Deadline until);

  bool empty() const {
    return allow_.until == kNever && block_.until == kNever;
  }
  // Only when it is not empty.
  SourceRule Together() const;

 private:
  struct Claim {
    Deadline until = kNever;
    RuleId id = 0;
  };

  Prefix prefix_;
  Claim allow_;
  Claim block_;
};

// In order of family, address and length.
bool ByAddress(const SourceRule& a, const SourceRule& b);

// Rules that each are one claim, in runs that are in order of address: one rule
// for each prefix, in order.
std::vector<SourceRule> MergeClaims(std::vector<std::vector<SourceRule>> runs);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_SOURCE_CLAIMS_H_
