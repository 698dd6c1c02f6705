#include "agent/core/ordered.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/core/steps.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::AddressCondition;
using policy::NamedSet;
using policy::OrderedRule;
using policy::OrderedRules;
using policy::PacketMatch;
using policy::Rule;

void AddTo(const Rule& rule, std::vector<OrderedRule>& rules) {
  if (const auto* match = std::get_if<PacketMatch>(&rule.match)) {
    rules.push_back({.id = rule.id,
                     .match = *match,
                     .action = rule.action,
                     .until = rule.until});
  }
}

std::vector<OrderedRule> RulesAfter(const PlannedChange& change) {
  absl::flat_hash_set<policy::RuleId> removed;
  for (const Step& step : change.steps) {
    if (const auto id = RemovedBy(step)) removed.insert(*id);
  }
  std::vector<OrderedRule> rules;
  for (const Rule* rule : change.rules.Ordered()) {
    if (!removed.contains(rule->id)) AddTo(*rule, rules);
  }
  for (const Step& step : change.steps) {
    if (step.adds()) AddTo(step.rule, rules);
  }
  std::sort(rules.begin(), rules.end(),
            [](const OrderedRule& a, const OrderedRule& b) {
              return std::pair(a.match.order(), a.id) <
                     std::pair(b.match.order(), b.id);
            });
  return rules;
}

void AddNames(const PacketMatch& match, std::set<std::string>& names) {
  for (const AddressCondition* condition :
       {&match.conditions().source, &match.conditions().destination}) {
    names.insert(condition->sets.begin(), condition->sets.end());
  }
}

std::set<std::string> NamesIn(const std::vector<OrderedRule>& rules) {
  std::set<std::string> names;
  for (const OrderedRule& rule : rules) AddNames(rule.match, names);
  return names;
}

const policy::SetInfo& InfoOf(const SetStep& step) {
  return (step.after != nullptr ? step.after : step.before)->info;
}

bool IsShadowed(const NamedSet& set) {
  return set.info.action == policy::SetAction::kShadow;
}

// A set that is only tried is a rule that is only counted, before all others:
// it would have blocked what no address before it decided. It has the set's
// number.
std::vector<OrderedRule> RulesOfShadowedSets(const PlannedChange& change) {
  std::vector<OrderedRule> rules;
  for (const auto& set : SetsAfter(change.set_steps, change.sets)) {
    if (!IsShadowed(*set)) continue;
    auto match = PacketMatch::Parse(
        absl::StrCat("from @", set->info.name, " shadow"), /*order=*/0);
    if (!match.ok()) continue;  // no set has such a name
    rules.push_back({.id = set->info.id,
                     .match = *std::move(match),
                     .action = policy::Action::kDrop});
  }
  return rules;
}

// As it is after the steps; null when there is none.
const NamedSet* SetAfter(const PlannedChange& change, const std::string& name,
                         const SetStep** in_place) {
  const auto present = change.sets.find(name);
  const NamedSet* set =
      present == change.sets.end() ? nullptr : present->second.get();
  for (const SetStep& step : change.set_steps) {
    if (step.before != nullptr && step.before.get() == set) set = nullptr;
    if (step.after != nullptr && step.after->info.name == name) {
      set = step.after.get();
      if (step.in_place()) *in_place = &step;
    }
  }
  return set;
}

std::vector<policy::Prefix> PrefixesAfter(const PlannedChange& change,
                                          const std::string& name) {
  std::vector<policy::Prefix> prefixes;
  const SetStep* in_place = nullptr;
  const NamedSet* set = SetAfter(change, name, &in_place);
  if (set == nullptr) return prefixes;
  prefixes.reserve(set->entries.size());
  absl::flat_hash_set<policy::Prefix> gone;
  if (in_place != nullptr) {
    for (const policy::SetEntry& entry : in_place->difference.before) {
      gone.insert(entry.prefix);
    }
  }
  set->entries.ForEach([&](const policy::SetEntry& entry) {
    if (!gone.contains(entry.prefix)) prefixes.push_back(entry.prefix);
  });
  if (in_place != nullptr) {
    for (const policy::SetEntry& entry : in_place->difference.after) {
      prefixes.push_back(entry.prefix);
    }
  }
  return prefixes;
}

// Each of them takes the place of an ordered rule.
absl::Status CheckShadowedSets(const PlannedChange& change) {
  const std::size_t sets = RulesOfShadowedSets(change).size();
  if (sets == 0) return absl::OkStatus();
  const std::size_t rules = RulesAfter(change).size();
  if (sets + rules <= policy::kMaxOrderedRules) return absl::OkStatus();
  return util::WithReason(
      absl::ResourceExhaustedError(
          absl::StrCat("there would be ", rules, " ordered rules and ", sets,
                       " sets with the action shadow, and at most ",
                       policy::kMaxOrderedRules, " can be in all")),
      "TOO_MANY_RULES");
}

}  // namespace

OrderedRules OrderedOf(const policy::RuleSet& rules,
                       const policy::SetTable& sets) {
  return OrderedAfter({{}, {}, rules, sets});
}

OrderedRules OrderedAfter(const PlannedChange& change) {
  OrderedRules ordered;
  ordered.rules = RulesOfShadowedSets(change);
  std::vector<OrderedRule> rules = RulesAfter(change);
  std::move(rules.begin(), rules.end(), std::back_inserter(ordered.rules));
  for (const std::string& name : NamesIn(ordered.rules)) {
    ordered.sets[name] = PrefixesAfter(change, name);
  }
  return ordered;
}

bool ChangesOrdered(const PlannedChange& change) {
  const bool changes_rules = std::any_of(
      change.steps.begin(), change.steps.end(), [](const Step& step) {
        return std::holds_alternative<PacketMatch>(step.rule.match);
      });
  const bool changes_shadowed = std::any_of(
      change.set_steps.begin(), change.set_steps.end(),
      [](const SetStep& step) {
        return (step.before != nullptr && IsShadowed(*step.before)) ||
               (step.after != nullptr && IsShadowed(*step.after));
      });
  if (changes_rules || changes_shadowed) return true;
  if (change.set_steps.empty() || change.rules.ordered_count() == 0) {
    return false;
  }
  const auto names = NamesIn(RulesAfter(change));
  return std::any_of(change.set_steps.begin(), change.set_steps.end(),
                     [&names](const SetStep& step) {
                       return names.contains(InfoOf(step).name);
                     });
}

absl::Status CheckSetsOfRules(const PlannedChange& change) {
  FW_RETURN_IF_ERROR(CheckShadowedSets(change));
  std::set<std::string> asked;  // by rules that are new
  for (const Step& step : change.steps) {
    const auto* match = std::get_if<PacketMatch>(&step.rule.match);
    if (match != nullptr && step.adds()) AddNames(*match, asked);
  }
  for (const std::string& name : asked) {
    const SetStep* in_place = nullptr;
    if (SetAfter(change, name, &in_place) != nullptr) continue;
    return util::WithReason(absl::FailedPreconditionError(absl::StrCat(
                                "there is no set \"", name,
                                "\", which the rule names: create it "
                                "first (fwctl set create ",
                                name, ")")),
                            "SET_NOT_FOUND");
  }
  for (const SetStep& step : change.set_steps) {
    if (step.before == nullptr || step.after != nullptr) continue;
    const std::string& name = step.before->info.name;
    for (const OrderedRule& rule : RulesAfter(change)) {
      std::set<std::string> names;
      AddNames(rule.match, names);
      const SetStep* in_place = nullptr;
      if (!names.contains(name) ||
          SetAfter(change, name, &in_place) != nullptr) {
        continue;
      }
      return util::WithReason(
          absl::FailedPreconditionError(absl::StrCat(
              "the set \"", name, "\" is in use: rule ", rule.id, " (",
              policy::ActionName(rule.action), " ", rule.match.ToString(),
              ") names it; remove the rule first")),
          "SET_IN_USE");
    }
  }
  return absl::OkStatus();
}

}  // namespace fwagent::core
