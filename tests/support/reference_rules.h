// What docs/rules.md says of ordered rules, told in the plainest way: one rule
// after the other, one condition after the other.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_RULES_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_RULES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/policy/ordered_rules.h"
#include "tests/support/judgement.h"
#include "tests/support/reference_datagram.h"
#include "tests/support/reference_limits.h"

namespace fwagent::testing {

// What rules may ask of a packet with addresses.
struct RuleFacts {
  const Datagram* datagram = nullptr;
  const Transport* transport = nullptr;
  std::uint32_t length = 0;  // of the IP packet
  std::optional<std::uint32_t> vlan = {};
  std::string interface = {};
  std::chrono::nanoseconds now = {};
};

struct RuleAnswer {
  enum class Kind { kSilent, kDecided, kUndecided };
  Kind kind = Kind::kSilent;
  Judgement judgement = {};  // kDecided
};

// Brings rules into the order in which they are judged: of equal ones, the
// older first.
void Sort(std::vector<policy::OrderedRule>& rules);

// `limits` may be null: then no packet comes too fast, and none is counted.
RuleAnswer JudgeByRules(const policy::OrderedRules& rules,
                        const RuleFacts& facts, policy::Deadline tick,
                        ReferenceLimits* limits);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_RULES_H_
