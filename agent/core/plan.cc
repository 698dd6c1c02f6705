#include "agent/core/plan.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/dataplane/errors.h"
#include "agent/policy/ordered_rules.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Prefix;
using policy::Rule;
using Kind = Edit::Kind;

policy::RuleKey KeyOf(const Edit& edit) {
  return {edit.match, edit.action, edit.owner};
}

absl::Status CheckShape(const Change& change) {
  if (change.edits.empty() && change.sets.empty()) {
    return absl::InvalidArgumentError("nothing is asked for: give a rule");
  }
  if (change.edits.size() <= 1) return absl::OkStatus();
  absl::flat_hash_set<policy::RuleKey, policy::RuleKeyHash> seen;
  for (const Edit& edit : change.edits) {
    if (!seen.insert(KeyOf(edit)).second) {
      return util::WithReason(
          absl::InvalidArgumentError(absl::StrCat(
              policy::MatchToString(edit.match),
              " is given twice: say once what shall become of it")),
          "GIVEN_TWICE");
    }
  }
  return absl::OkStatus();
}

// "blocked", of a source or a port.
const char* Participle(policy::Action action) {
  switch (action) {
    case policy::Action::kBlock:
      return "blocked";
    case policy::Action::kAllow:
      return "allowed";
    case policy::Action::kDrop:
      return "dropped";
    case policy::Action::kPass:
      return "passed";
    case policy::Action::kReject:
      return "rejected";
    case policy::Action::kLimit:
      return "limited";
  }
  return "there";
}

// Who holds what this owner does not.
absl::Status NotHeld(const Edit& edit, const std::vector<std::string>& owners) {
  std::string text = absl::StrCat(policy::MatchToString(edit.match), " is not ",
                                  Participle(edit.action));
  if (!owners.empty()) {
    absl::StrAppend(&text, " by ", edit.owner, ", but by ",
                    absl::StrJoin(owners, ", "),
                    ": lift it for that owner (fwctl: --owner), or for all "
                    "(--all-owners)");
  }
  return util::WithReason(absl::NotFoundError(text), "RULE_NOT_FOUND");
}

absl::Status HeldAlready(const Rule& rule) {
  return util::WithReason(
      absl::AlreadyExistsError(
          absl::StrCat(policy::MatchToString(rule.match), " is already ",
                       Participle(rule.action), " by rule ", rule.id,
                       "; to set its end anew, renew it (fwctl: --renew)")),
      "RULE_EXISTS");
}

constexpr char kEditUrl[] = "fwagent.edit";

// None: the edit finds things as it wants them.
absl::StatusOr<std::vector<Step>> PlanAddition(const Edit& edit,
                                               const policy::RuleSet& rules,
                                               const Moment& now) {
  Step step{.kind = edit.kind,
            .rule = {.match = edit.match,
                     .action = edit.action,
                     .owner = edit.owner,
                     .comment = edit.comment,
                     .create_time = {}}};
  FW_RETURN_IF_ERROR(SetEnding(edit.ending, now, step.rule));
  const Rule* present = rules.Find(KeyOf(edit));
  if (present == nullptr) return std::vector<Step>{step};
  step.before = *present;
  if (policy::HasEnded(*present, now.tick())) return std::vector<Step>{step};
  if (!edit.renew) return std::vector<Step>();
  step.rule.id = present->id;
  step.rule.create_time = present->create_time;
  if (edit.comment.empty()) step.rule.comment = present->comment;
  return std::vector<Step>{step};
}

std::vector<Step> PlanRemoval(const Edit& edit, const policy::RuleSet& rules,
                              const Moment& now) {
  const bool wants_ended = edit.kind == Kind::kEnd;
  std::vector<Step> steps;
  for (const Rule* rule : rules.HoldersOf(edit.match)) {
    if (rule->action != edit.action) continue;
    if (!edit.any_owner && rule->owner != edit.owner) continue;
    if (policy::HasEnded(*rule, now.tick()) != wants_ended) continue;
    steps.push_back({.kind = edit.kind, .rule = *rule});
  }
  return steps;
}

absl::Status Satisfied(const Edit& edit, const policy::RuleSet& rules,
                       const Moment& now) {
  if (edit.kind == Kind::kAdd) return HeldAlready(*rules.Find(KeyOf(edit)));
  std::vector<std::string> owners;
  for (const Rule* rule : rules.HoldersOf(edit.match)) {
    if (rule->action != edit.action) continue;
    if (!policy::HasEnded(*rule, now.tick())) owners.push_back(rule->owner);
  }
  return NotHeld(edit, owners);
}

// How many prefixes this adds to those that rules match, or takes from them.
std::int64_t GrowthBy(const Step& step, const policy::RuleSet& rules) {
  if (step.before.has_value()) return 0;  // takes its place
  const std::size_t holders = rules.HoldersOf(step.rule.match).size();
  if (step.adds()) return holders == 0 ? 1 : 0;
  return holders == 1 ? -1 : 0;
}

// How many sources there are afterwards must fit; a change that takes away is
// let through in any case.
absl::Status CheckRoom(const std::vector<Step>& steps,
                       const policy::RuleSet& rules,
                       const SourceCapacity& capacity) {
  std::array<std::int64_t, policy::kFamilies> growth{};
  for (const Step& step : steps) {
    const auto* prefix = std::get_if<Prefix>(&step.rule.match);
    if (prefix == nullptr) continue;
    growth[static_cast<std::size_t>(prefix->family())] += GrowthBy(step, rules);
  }
  for (const policy::Family family :
       {policy::Family::kIPv4, policy::Family::kIPv6}) {
    const auto index = static_cast<std::size_t>(family);
    const auto wanted =
        static_cast<std::int64_t>(rules.SourceCount(family)) + growth[index];
    if (growth[index] > 0 &&
        wanted > static_cast<std::int64_t>(capacity[index])) {
      return dataplane::SourceTableFull(family, capacity[index]);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOrdered(const std::vector<Step>& steps,
                          const policy::RuleSet& rules) {
  auto count = static_cast<std::int64_t>(rules.ordered_count());
  bool grows = false;
  for (const Step& step : steps) {
    if (!std::holds_alternative<policy::PacketMatch>(step.rule.match)) continue;
    if (step.before.has_value()) continue;
    count += step.adds() ? 1 : -1;
    grows = grows || step.adds();
  }
  constexpr auto kMost = static_cast<std::int64_t>(policy::kMaxOrderedRules);
  if (!grows || count <= kMost) return absl::OkStatus();
  return util::WithReason(
      absl::ResourceExhaustedError(absl::StrCat(
          "there would be ", count, " ordered rules, and at most ", kMost,
          " can be: put addresses that have the same rule into a set")),
      "TOO_MANY_RULES");
}

}  // namespace

const char* VerbOf(Edit::Kind kind, policy::Action action) {
  switch (kind) {
    case Kind::kAdd:
      return policy::ActionName(action);
    case Kind::kRemove:
      if (action == policy::Action::kBlock) return "unblock";
      return action == policy::Action::kAllow ? "unallow" : "remove";
    case Kind::kEnd:
      break;
  }
  return "end";
}

absl::Status OfEdit(absl::Status status, std::size_t index) {
  status.SetPayload(kEditUrl, absl::Cord(absl::StrCat(index)));
  return status;
}

std::optional<std::size_t> IndexOfEdit(const absl::Status& status) {
  const auto payload = status.GetPayload(kEditUrl);
  std::size_t index = 0;
  if (!payload.has_value() ||
      !absl::SimpleAtoi(std::string(*payload), &index)) {
    return std::nullopt;
  }
  return index;
}

absl::StatusOr<std::vector<Step>> PlanChange(const Change& change,
                                             const policy::RuleSet& rules,
                                             const SourceCapacity& capacity,
                                             const Moment& now) {
  FW_RETURN_IF_ERROR(CheckShape(change));
  std::vector<Step> steps;
  for (std::size_t i = 0; i < change.edits.size(); ++i) {
    const Edit& edit = change.edits[i];
    auto planned = edit.kind == Kind::kAdd ? PlanAddition(edit, rules, now)
                                           : PlanRemoval(edit, rules, now);
    if (!planned.ok()) return OfEdit(planned.status(), i);
    if (planned->empty() && !change.skip_satisfied) {
      return Satisfied(edit, rules, now);
    }
    std::move(planned->begin(), planned->end(), std::back_inserter(steps));
  }
  FW_RETURN_IF_ERROR(CheckCapacity(steps, rules, capacity));
  return steps;
}

absl::Status CheckCapacity(const std::vector<Step>& steps,
                           const policy::RuleSet& rules,
                           const SourceCapacity& capacity) {
  FW_RETURN_IF_ERROR(CheckRoom(steps, rules, capacity));
  return CheckOrdered(steps, rules);
}

}  // namespace fwagent::core
