// What rules and sets together say of source addresses.
#ifndef FWAGENT_AGENT_CORE_SOURCES_H_
#define FWAGENT_AGENT_CORE_SOURCES_H_

#include <memory>
#include <optional>
#include <vector>

#include "agent/core/plan.h"
#include "agent/core/set_plan.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule_set.h"
#include "agent/policy/source_rule.h"

namespace fwagent::core {

// The steps of one change, and what they were planned for.
struct PlannedChange {
  const std::vector<Step>& steps;
  const std::vector<SetStep>& set_steps;
  const policy::RuleSet& rules;
  const policy::SetTable& sets;
  // What has ended by then says nothing.
  policy::Deadline ended_by = policy::kNever;
};

// Everything that is said of sources, one rule for each prefix.
std::vector<policy::SourceRule> SourcesOf(const policy::RuleSet& rules,
                                          const policy::SetTable& sets);
// The same after a change.
std::vector<policy::SourceRule> SourcesAfter(const PlannedChange& change);
// What is said of exactly this prefix after it.
std::optional<policy::SourceRule> SourceAfter(const PlannedChange& change,
                                              const policy::Prefix& prefix);

// Whether its entries are among what is said of sources.
bool ClaimsSources(const policy::NamedSet& set);

// The sets as they are after the steps, but for those that change in place.
std::vector<std::shared_ptr<policy::NamedSet>> SetsAfter(
    const std::vector<SetStep>& steps, const policy::SetTable& sets);
// The entries of one of them that hold a prefix, in place or not.
std::vector<policy::SetEntry> EntriesAfter(const std::vector<SetStep>& steps,
                                           const policy::NamedSet& set,
                                           const policy::Prefix& prefix);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_SOURCES_H_
