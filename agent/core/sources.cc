#include "agent/core/sources.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "agent/policy/source_claims.h"

namespace fwagent::core {
namespace {

using policy::NamedSet;
using policy::Prefix;
using policy::SetEntry;
using policy::SourceRule;
using Run = std::vector<SourceRule>;

SourceRule BlockBy(const policy::Rule& rule) {
  return {.prefix = std::get<Prefix>(rule.match),
          .id = rule.id,
          .until = rule.until};
}

Run RunOf(const NamedSet& set) {
  Run run;
  run.reserve(set.entries.size());
  set.entries.ForEach([&](const SetEntry& entry) {
    run.push_back({.prefix = entry.prefix,
                   .id = set.info.id,
                   .verdict = set.info.action,
                   .until = entry.until});
  });
  return run;
}

Run RulesAfter(const std::vector<Step>& steps, const policy::RuleSet& rules) {
  absl::flat_hash_set<Prefix> removed;
  Run run;
  for (const Step& step : steps) {
    const auto* prefix = std::get_if<Prefix>(&step.rule.match);
    if (prefix == nullptr) continue;
    if (step.adds()) run.push_back(BlockBy(step.rule));
    if (!step.adds() || step.before.has_value()) removed.insert(*prefix);
  }
  for (const SourceRule& rule : rules.SourceRules()) {
    if (!removed.contains(rule.prefix)) run.push_back(rule);
  }
  std::sort(run.begin(), run.end(), policy::ByAddress);
  return run;
}

// The sets as they are after the steps, but for those that change in place.
std::vector<std::shared_ptr<NamedSet>> SetsAfter(
    const std::vector<SetStep>& steps, const policy::SetTable& sets) {
  absl::flat_hash_set<const NamedSet*> gone;
  std::vector<std::shared_ptr<NamedSet>> after;
  for (const SetStep& step : steps) {
    if (step.in_place()) continue;
    gone.insert(step.before.get());
    if (step.after != nullptr) after.push_back(step.after);
  }
  for (const auto& [name, set] : sets) {
    if (!gone.contains(set.get())) after.push_back(set);
  }
  return after;
}

// What a set says of a prefix after the steps.
std::optional<policy::Deadline> EndInSet(const std::vector<SetStep>& steps,
                                         const NamedSet& set,
                                         const Prefix& prefix) {
  for (const SetStep& step : steps) {
    if (!step.in_place() || step.after.get() != &set) continue;
    for (const SetEntry& entry : step.difference.after) {
      if (entry.prefix == prefix) return entry.until;
    }
    for (const SetEntry& entry : step.difference.before) {
      if (entry.prefix == prefix) return std::nullopt;
    }
  }
  return set.entries.Find(prefix);
}

std::optional<policy::Rule> RuleAfter(const std::vector<Step>& steps,
                                      const policy::RuleSet& rules,
                                      const Prefix& prefix) {
  const policy::Match match = prefix;
  for (const Step& step : steps) {
    if (step.rule.match != match) continue;
    if (!step.adds()) return std::nullopt;
    return step.rule;
  }
  const policy::Rule* rule = rules.Find(match);
  if (rule == nullptr) return std::nullopt;
  return *rule;
}

}  // namespace

std::vector<SourceRule> SourcesOf(const policy::RuleSet& rules,
                                  const policy::SetTable& sets) {
  return SourcesAfter({{}, {}, rules, sets});
}

std::vector<SourceRule> SourcesAfter(const PlannedChange& change) {
  std::vector<Run> runs;
  runs.push_back(RulesAfter(change.steps, change.rules));
  for (const auto& set : SetsAfter(change.set_steps, change.sets)) {
    runs.push_back(RunOf(*set));
  }
  return policy::MergeClaims(std::move(runs));
}

std::optional<SourceRule> SourceAfter(const PlannedChange& change,
                                      const Prefix& prefix) {
  policy::SourceClaims claims(prefix);
  if (const auto rule = RuleAfter(change.steps, change.rules, prefix)) {
    const SourceRule block = BlockBy(*rule);
    claims.Add(block.verdict, block.id, block.until);
  }
  for (const auto& set : SetsAfter(change.set_steps, change.sets)) {
    if (const auto until = EndInSet(change.set_steps, *set, prefix)) {
      claims.Add(set->info.action, set->info.id, *until);
    }
  }
  if (claims.empty()) return std::nullopt;
  return claims.Together();
}

}  // namespace fwagent::core
