#include "agent/core/steps.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fwagent::core {
namespace {

using policy::Action;
using policy::Rule;
using Kind = Edit::Kind;

std::string EndText(const Rule& rule) {
  if (!policy::Ends(rule)) return "";
  return absl::StrCat(" until ",
                      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", rule.expire_time,
                                       absl::UTCTimeZone()));
}

std::string OwnerText(const Rule& rule) {
  if (rule.owner == policy::kDefaultOwner) return "";
  return absl::StrCat(" of ", rule.owner);
}

std::string TextOf(const std::vector<Step>& steps) {
  if (steps.size() == 1) {
    const Step& step = steps.front();
    const char* verb = VerbOf(step.kind, step.rule.action);
    return absl::StrCat(step.renews() ? "renew" : verb, " ",
                        policy::MatchToString(step.rule.match),
                        step.adds() ? EndText(step.rule) : "", " (rule ",
                        step.rule.id, OwnerText(step.rule), ")");
  }
  if (steps.front().kind == Edit::Kind::kEnd) {
    return absl::StrCat(steps.size(), " rules have ended");
  }
  std::string text;
  for (const Action action : policy::kActions) {
    for (const Kind kind : {Kind::kAdd, Kind::kRemove}) {
      const auto count =
          std::count_if(steps.begin(), steps.end(), [&](const Step& step) {
            return step.rule.action == action &&
                   step.adds() == (kind == Kind::kAdd);
          });
      if (count == 0) continue;
      absl::StrAppend(&text, text.empty() ? "" : " and ", VerbOf(kind, action),
                      " ", count);
    }
  }
  return text;
}

std::string OwnersOf(const std::vector<DesiredPolicy>& desired) {
  constexpr std::size_t kMostNames = 10;
  std::vector<std::string> names;
  for (const DesiredPolicy& one : desired) {
    if (names.size() == kMostNames) {
      return absl::StrCat(absl::StrJoin(names, ", "), " and ",
                          desired.size() - kMostNames, " others");
    }
    names.push_back(one.owner);
  }
  return absl::StrJoin(names, ", ");
}

std::string TextOf(const SetStep& step) {
  const policy::SetOutcome outcome = OutcomeOf(step);
  const std::string name = absl::StrCat("set ", outcome.info.name);
  if (step.after == nullptr) return absl::StrCat("delete ", name);
  if (step.only_ends()) {
    return absl::StrCat(name, ": ", outcome.removed,
                        outcome.removed == 1 ? " entry has" : " entries have",
                        " ended");
  }
  return absl::StrCat(
      step.before == nullptr ? "create " : "", name, " (",
      policy::SetActionName(outcome.info.action), "): ", outcome.size,
      " entries, ", outcome.added, " in, ", outcome.removed, " out",
      outcome.changed == 0 ? ""
                           : absl::StrCat(", ", outcome.changed, " redated"));
}

}  // namespace

std::optional<policy::RuleId> RemovedBy(const Step& step) {
  if (step.before.has_value()) return step.before->id;
  if (!step.adds()) return step.rule.id;
  return std::nullopt;
}

std::vector<Rule> RulesOf(const std::vector<Step>& steps) {
  std::vector<Rule> rules;
  rules.reserve(steps.size());
  for (const Step& step : steps) rules.push_back(step.rule);
  return rules;
}

std::vector<policy::SetOutcome> OutcomesOf(const std::vector<SetStep>& steps) {
  std::vector<policy::SetOutcome> outcomes;
  outcomes.reserve(steps.size());
  for (const SetStep& step : steps) outcomes.push_back(OutcomeOf(step));
  return outcomes;
}

store::PolicyDelta WayThere(const std::vector<Step>& steps,
                            const std::vector<SetStep>& set_steps) {
  store::PolicyDelta delta;
  for (const Step& step : steps) {
    if (step.before.has_value()) delta.remove.push_back(step.before->id);
    if (step.adds()) {
      delta.add.push_back(step.rule);
    } else {
      delta.remove.push_back(step.rule.id);
    }
  }
  for (const SetStep& step : set_steps) delta.sets.push_back(DeltaOf(step));
  return delta;
}

store::PolicyDelta WayBack(const std::vector<Step>& steps,
                           const std::vector<SetStep>& set_steps) {
  store::PolicyDelta delta;
  for (const Step& step : steps) {
    if (step.before.has_value()) delta.add.push_back(*step.before);
    if (step.adds()) {
      delta.remove.push_back(step.rule.id);
    } else {
      delta.add.push_back(step.rule);
    }
  }
  for (const SetStep& step : set_steps) delta.sets.push_back(InverseOf(step));
  return delta;
}

store::PolicyDelta LastingWayBack(const std::vector<Step>& steps,
                                  const std::vector<SetStep>& set_steps) {
  store::PolicyDelta delta = WayBack(steps, {});
  for (const SetStep& step : set_steps) {
    if (!step.only_ends()) delta.sets.push_back(InverseOf(step));
  }
  return delta;
}

std::string Summary(const Change& change, const std::vector<Step>& steps,
                    const std::vector<SetStep>& set_steps) {
  std::vector<std::string> parts;
  if (change.rollback_to.has_value()) {
    parts.push_back(
        absl::StrCat("roll back to generation ", *change.rollback_to));
  }
  if (change.take_back.has_value()) {
    parts.push_back(absl::StrCat("generation ", *change.take_back,
                                 " was not confirmed and is taken back"));
  }
  if (!change.desired.empty()) {
    parts.push_back(
        absl::StrCat("apply what ", OwnersOf(change.desired),
                     change.desired.size() == 1 ? " wants" : " want"));
  }
  if (!steps.empty()) parts.push_back(TextOf(steps));
  for (const SetStep& step : set_steps) parts.push_back(TextOf(step));
  return absl::StrJoin(parts, "; ");
}

void ApplySteps(const std::vector<Step>& steps, policy::RuleSet& rules) {
  for (const Step& step : steps) {
    if (const auto gone = RemovedBy(step)) rules.Remove(*gone).IgnoreError();
    if (step.adds()) rules.Add(step.rule).IgnoreError();
  }
}

store::UndoableEntry HistoryOf(const Change& change,
                               const std::vector<Step>& steps,
                               const std::vector<SetStep>& set_steps,
                               std::uint64_t generation,
                               const std::string& etag_before, absl::Time now) {
  store::UndoableEntry history{
      .entry = {.generation = generation,
                .time = WholeMicros(now),
                .origin = change.origin,
                .summary = Summary(change, steps, set_steps)},
      .undo = LastingWayBack(steps, set_steps)};
  history.entry.etag = NextEtag(etag_before, history.entry);
  return history;
}

std::string NextEtag(const std::string& before,
                     const store::HistoryEntry& entry) {
  constexpr std::size_t kEtagBytes = 16;
  const std::string content = absl::StrCat(before, "\n", entry.generation, "\n",
                                           absl::ToUnixMicros(entry.time), "\n",
                                           entry.origin, "\n", entry.summary);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::BytesToHexString(digest.substr(0, kEtagBytes));
}

}  // namespace fwagent::core
