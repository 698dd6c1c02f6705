// All that one owner wants: his document, read.
#ifndef FWAGENT_AGENT_CORE_DESIRED_H_
#define FWAGENT_AGENT_CORE_DESIRED_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule.h"
#include "agent/policy/set_entries.h"

namespace fwagent::core {

struct DesiredRule {
  policy::Match match = policy::Prefix();
  policy::Action action = policy::Action::kBlock;
  std::string comment;
  // On the wall clock; a rule whose end has passed is not wanted any more.
  std::optional<absl::Time> until = {};
};

struct DesiredSet {
  std::string name;
  policy::SetAction action = policy::SetAction::kBlock;
  std::string comment;
  absl::Duration default_ttl = {};
  // All of them, each with an end of its own or none, as in SetEdit. Null: who
  // fills the set does so elsewhere; it keeps what is in it.
  std::shared_ptr<const policy::SetEntries> entries = {};
};

// Whatever else this owner has goes.
struct DesiredPolicy {
  std::string owner = policy::kDefaultOwner;
  // Ordered ones in the order in which they are judged.
  std::vector<DesiredRule> rules;
  std::vector<DesiredSet> sets;
};

// What becomes of one rule: it comes, goes, or is another one.
struct RuleChange {
  std::optional<policy::Rule> before;
  std::optional<policy::Rule> after;
};

// The same of a set, and of its entries, as in policy::SetOutcome.
struct SetChange {
  std::optional<policy::SetInfo> before;
  std::optional<policy::SetInfo> after;
  std::uint64_t size = 0;
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_DESIRED_H_
