// What rules say of source addresses, and what several of them say together.
#ifndef FWAGENT_AGENT_POLICY_SOURCE_RULE_H_
#define FWAGENT_AGENT_POLICY_SOURCE_RULE_H_

#include <cstdint>

#include "agent/policy/deadline.h"
#include "agent/policy/prefix.h"
#include "agent/policy/rule.h"

namespace fwagent::policy {

enum class SourceVerdict : std::uint8_t { kNone = 0, kBlock = 1, kAllow = 2 };

// A set of classes, one bit each.
using SourceClasses = std::uint64_t;

// What one prefix says of every address in it. kNone only makes its addresses
// members of classes.
struct SourceRule {
  Prefix prefix;
  RuleId id = 0;
  SourceVerdict verdict = SourceVerdict::kBlock;
  SourceClasses classes = 0;
  Deadline until = kForever;  // the verdict; classes are for ever
  // Of an allow that ends earlier: the block that its end uncovers.
  Deadline block_until = kNever;
  RuleId block_id = 0;

  bool operator==(const SourceRule&) const = default;
};

// What all prefixes that hold an address say of it together. What nobody can
// ever see of it is left out, so that equal meanings are the same.
struct SourceMeaning {
  SourceVerdict verdict = SourceVerdict::kNone;
  RuleId rule = 0;  // that the verdict is counted for; 0 without a verdict
  SourceClasses classes = 0;
  Deadline until = kForever;
  // Behind an allow that ends: a block that ends later.
  Deadline block_until = kNever;
  RuleId block_rule = 0;

  bool operator==(const SourceMeaning&) const = default;

  SourceVerdict VerdictAt(Deadline tick) const {
    if (tick < until) return verdict;
    return tick < block_until ? SourceVerdict::kBlock : SourceVerdict::kNone;
  }
};

// The meaning of `outer` inside a prefix that is longer than all of those it
// came from. An allow beats a block whatever the lengths; of two rules with the
// same verdict the one that ends last says how long, and the longer prefix
// names the rule, as long as there is one; classes add up.
SourceMeaning Narrow(const SourceMeaning& outer, const SourceRule& inner);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_SOURCE_RULE_H_
