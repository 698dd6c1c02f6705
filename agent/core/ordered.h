// What the ordered rules come to: together with the sets that they name.
#ifndef FWAGENT_AGENT_CORE_ORDERED_H_
#define FWAGENT_AGENT_CORE_ORDERED_H_

#include "absl/status/status.h"
#include "agent/core/sources.h"
#include "agent/policy/ordered_rules.h"

namespace fwagent::core {

policy::OrderedRules OrderedOf(const policy::RuleSet& rules,
                               const policy::SetTable& sets);
// The same after a change.
policy::OrderedRules OrderedAfter(const PlannedChange& change);
// Whether a change makes them say something else.
bool ChangesOrdered(const PlannedChange& change);

// FAILED_PRECONDITION: after the change an ordered rule would name a set that
// is not there. Rules that name one which was missing before are let be.
// RESOURCE_EXHAUSTED: rules and shadowed sets are more than the tables take.
absl::Status CheckSetsOfRules(const PlannedChange& change);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_ORDERED_H_
