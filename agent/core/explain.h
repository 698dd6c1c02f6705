// Who is to blame for what becomes of a packet.
#ifndef FWAGENT_AGENT_CORE_EXPLAIN_H_
#define FWAGENT_AGENT_CORE_EXPLAIN_H_

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "agent/core/change.h"
#include "agent/core/sources.h"
#include "agent/dataplane/judgement.h"
#include "agent/policy/named_set.h"
#include "agent/policy/packet_facts.h"
#include "agent/policy/rule.h"
#include "agent/policy/rule_set.h"

namespace fwagent::core {

// The order in which packets are judged, as far as rules have a say in it. A
// kind of rule that comes in between goes in between here.
enum class Stage { kAllowedSource, kBlockedSource, kOrdered, kBlockedPort };

// One thing that is said of a packet: by a rule, or by an entry of a set.
struct Statement {
  Stage stage = Stage::kAllowedSource;
  std::variant<policy::Rule, SetHit> by;
};

struct Explanation {
  dataplane::Judgement judgement;
  // None when no rule decided, but the packet itself, or the default.
  std::optional<Statement> decided_by;
  // What else is said of the packet, and was not asked any more or says the
  // same; in the order in which it would have been.
  std::vector<Statement> shadowed;
  std::uint64_t generation = 0;
};

// All that rules and sets say of a packet now, in the order in which it is
// asked; of statements of one stage the one that names it comes first.
std::vector<Statement> StatementsOn(const policy::PacketFacts& facts,
                                    const policy::RuleSet& rules,
                                    const policy::SetTable& sets,
                                    policy::Deadline now);

// The same after a change, which may be none.
std::vector<Statement> StatementsAfter(const policy::PacketFacts& facts,
                                       const PlannedChange& change,
                                       policy::Deadline now);

// Of a judgement, and what is said of its packet.
Explanation Explain(dataplane::Judgement judgement,
                    std::vector<Statement> statements);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_EXPLAIN_H_
