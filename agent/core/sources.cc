#include "agent/core/sources.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "agent/core/steps.h"
#include "agent/policy/source_claims.h"

namespace fwagent::core {
namespace {

using policy::NamedSet;
using policy::Prefix;
using policy::SetEntry;
using policy::SourceRule;
using Run = std::vector<SourceRule>;

policy::SourceVerdict VerdictOf(policy::Action action) {
  return action == policy::Action::kAllow ? policy::SourceVerdict::kAllow
                                          : policy::SourceVerdict::kBlock;
}

SourceRule ClaimOf(const policy::Rule& rule) {
  return {.prefix = std::get<Prefix>(rule.match),
          .id = rule.id,
          .verdict = VerdictOf(rule.action),
          .until = rule.until};
}

absl::flat_hash_set<policy::RuleId> RemovedBy(const std::vector<Step>& steps) {
  absl::flat_hash_set<policy::RuleId> removed;
  for (const Step& step : steps) {
    if (const auto id = core::RemovedBy(step)) removed.insert(*id);
  }
  return removed;
}

Run RunOf(const NamedSet& set, policy::Deadline ended_by) {
  Run run;
  const policy::SourceVerdict verdict = policy::ClaimOf(set.info.action);
  if (verdict == policy::SourceVerdict::kNone) return run;
  run.reserve(set.entries.size());
  set.entries.ForEach([&](const SetEntry& entry) {
    if (entry.until <= ended_by) return;
    run.push_back({.prefix = entry.prefix,
                   .id = set.info.id,
                   .verdict = verdict,
                   .until = entry.until});
  });
  return run;
}

// Entries as they are after the steps, also of a set that changes in place.
Run RunAfter(const PlannedChange& change, const NamedSet& set) {
  Run run = RunOf(set, change.ended_by);
  if (!ClaimsSources(set)) return run;
  for (const SetStep& step : change.set_steps) {
    if (!step.in_place() || step.after.get() != &set) continue;
    absl::flat_hash_set<Prefix> before;
    for (const SetEntry& entry : step.difference.before) {
      before.insert(entry.prefix);
    }
    std::erase_if(run, [&before](const SourceRule& rule) {
      return before.contains(rule.prefix);
    });
    for (const SetEntry& entry : step.difference.after) {
      run.push_back({.prefix = entry.prefix,
                     .id = set.info.id,
                     .verdict = policy::ClaimOf(set.info.action),
                     .until = entry.until});
    }
    std::sort(run.begin(), run.end(), policy::ByAddress);
  }
  return run;
}

Run RulesAfter(const PlannedChange& change) {
  const auto removed = RemovedBy(change.steps);
  Run run;
  run.reserve(change.rules.size() + change.steps.size());
  const auto add = [&](const policy::Rule& rule) {
    if (rule.until <= change.ended_by) return;
    if (std::holds_alternative<Prefix>(rule.match))
      run.push_back(ClaimOf(rule));
  };
  for (const Step& step : change.steps) {
    if (step.adds()) add(step.rule);
  }
  for (const auto& [id, rule] : change.rules.rules()) {
    if (!removed.contains(id)) add(rule);
  }
  std::sort(run.begin(), run.end(), policy::ByAddress);
  return run;
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

// The claims of rules to a prefix after the steps.
void AddRules(const PlannedChange& change, const Prefix& prefix,
              policy::SourceClaims& claims) {
  const policy::Match match = prefix;
  const auto add = [&](const policy::Rule& rule) {
    if (rule.until <= change.ended_by) return;
    claims.Add(VerdictOf(rule.action), rule.id, rule.until);
  };
  for (const Step& step : change.steps) {
    if (step.adds() && step.rule.match == match) add(step.rule);
  }
  const auto removed = RemovedBy(change.steps);
  for (const policy::Rule* rule : change.rules.HoldersOf(match)) {
    if (!removed.contains(rule->id)) add(*rule);
  }
}

}  // namespace

bool ClaimsSources(const NamedSet& set) {
  return policy::ClaimOf(set.info.action) != policy::SourceVerdict::kNone;
}

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

std::vector<SetEntry> EntriesAfter(const std::vector<SetStep>& steps,
                                   const NamedSet& set, const Prefix& prefix) {
  std::vector<SetEntry> entries = set.entries.Holding(prefix);
  const auto drop = [&entries](const Prefix& gone) {
    std::erase_if(entries, [&gone](const SetEntry& entry) {
      return entry.prefix == gone;
    });
  };
  for (const SetStep& step : steps) {
    if (!step.in_place() || step.after.get() != &set) continue;
    for (const SetEntry& entry : step.difference.before) drop(entry.prefix);
    for (const SetEntry& entry : step.difference.after) {
      const Prefix& outer = entry.prefix;
      if (outer.family() == prefix.family() &&
          outer.length() <= prefix.length() &&
          prefix.Shortened(outer.length()) == outer) {
        entries.push_back(entry);
      }
    }
  }
  return entries;
}

std::vector<SourceRule> SourcesOf(const policy::RuleSet& rules,
                                  const policy::SetTable& sets) {
  return SourcesAfter({{}, {}, rules, sets});
}

std::vector<SourceRule> SourcesAfter(const PlannedChange& change) {
  std::vector<Run> runs;
  runs.push_back(RulesAfter(change));
  for (const auto& set : SetsAfter(change.set_steps, change.sets)) {
    runs.push_back(RunAfter(change, *set));
  }
  return policy::MergeClaims(std::move(runs));
}

std::optional<SourceRule> SourceAfter(const PlannedChange& change,
                                      const Prefix& prefix) {
  policy::SourceClaims claims(prefix);
  AddRules(change, prefix, claims);
  for (const auto& set : SetsAfter(change.set_steps, change.sets)) {
    if (!ClaimsSources(*set)) continue;
    const auto until = EndInSet(change.set_steps, *set, prefix);
    if (until.has_value() && *until > change.ended_by) {
      claims.Add(policy::ClaimOf(set->info.action), set->info.id, *until);
    }
  }
  if (claims.empty()) return std::nullopt;
  return claims.Together();
}

}  // namespace fwagent::core
