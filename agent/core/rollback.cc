#include "agent/core/rollback.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "agent/core/expiry.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::NamedSet;
using policy::Rule;
using policy::RuleId;
using store::UndoableEntry;

absl::Status NotKept(std::uint64_t to, std::uint64_t oldest) {
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          "generation ", to,
          " cannot be brought back any more: the oldest that can is ", oldest)),
      "GENERATION_NOT_KEPT");
}

RulesThen RulesAfter(const std::vector<UndoableEntry>& way_back,
                     const Moment& now, const std::string& boot_id) {
  RulesThen rules;
  for (const UndoableEntry& entry : way_back) {
    for (const RuleId id : entry.undo.remove) rules[id] = std::nullopt;
    for (Rule rule : entry.undo.add) {
      if (policy::Ends(rule) && entry.boot_id != boot_id) {
        MoveToThisBoot(now, rule);
      }
      rules[rule.id] = std::move(rule);
    }
  }
  return rules;
}

void ApplyTo(const store::SetDelta& delta, SetThen& set) {
  if (delta.drop) {
    set.then = nullptr;
    return;
  }
  if (delta.create.has_value()) {
    set.then = std::make_shared<NamedSet>();
    set.then->info = *delta.create;
  }
  if (delta.content != nullptr) set.then->entries = *delta.content;
  ApplyDifference(delta.difference, set.then->entries);
}

SetsThen SetsAfter(const std::vector<UndoableEntry>& way_back,
                   const policy::SetTable& present) {
  SetsThen sets;
  const auto touch = [&](RuleId id) -> SetThen& {
    const auto [place, is_new] = sets.try_emplace(id);
    if (!is_new) return place->second;
    for (const auto& [name, set] : present) {
      if (set->info.id != id) continue;
      place->second = {set, std::make_shared<NamedSet>(*set)};
    }
    return place->second;
  };
  for (const UndoableEntry& entry : way_back) {
    for (const store::SetDelta& delta : entry.undo.sets) {
      ApplyTo(delta, touch(delta.id));
    }
  }
  return sets;
}

}  // namespace

std::vector<Step> StepsTo(const RulesThen& then, const policy::RuleSet& present,
                          const Moment& now) {
  std::vector<Step> steps;
  absl::btree_map<RuleId, Rule> gone;
  absl::flat_hash_map<policy::RuleKey, RuleId, policy::RuleKeyHash> by_key;
  for (const auto& [id, wanted] : then) {
    const auto found = present.rules().find(id);
    if (found == present.rules().end() || found->second == wanted) continue;
    gone.emplace(id, found->second);
    by_key.emplace(policy::KeyOf(found->second), id);
  }
  // The rule that makes place: the same one, which may have been judged
  // elsewhere, or one that says what this one does.
  const auto place_of = [&](const Rule& wanted) {
    const auto same = gone.find(wanted.id);
    if (same != gone.end()) return same;
    const auto like = by_key.find(policy::KeyOf(wanted));
    return like == by_key.end() ? gone.end() : gone.find(like->second);
  };
  for (const auto& [id, wanted] : then) {
    if (!wanted.has_value() || policy::HasEnded(*wanted, now.tick())) continue;
    const auto found = present.rules().find(id);
    if (found != present.rules().end() && found->second == wanted) continue;
    Step step{.kind = Edit::Kind::kAdd, .rule = *wanted, .restores = true};
    const auto place = place_of(*wanted);
    if (place != gone.end()) {
      step.before = place->second;
      gone.erase(place);
    }
    steps.push_back(std::move(step));
  }
  for (auto& [id, rule] : gone) {
    steps.push_back({.kind = Edit::Kind::kRemove, .rule = rule});
  }
  return steps;
}

std::vector<SetStep> StepsTo(SetsThen then, const Moment& now) {
  std::vector<SetStep> steps;
  for (auto& [id, set] : then) {
    if (set.now == nullptr && set.then == nullptr) continue;
    if (set.then != nullptr && set.then->entries.NextDeadline() <= now.tick()) {
      set.then->entries = set.then->entries.Without(now.tick());
    }
    SetStep step{.before = set.now, .after = set.then};
    if (set.now != nullptr && set.then != nullptr) {
      step.difference =
          policy::SetEntries::Compare(set.now->entries, set.then->entries);
    }
    CountEntries(now.tick(), step);
    if (ChangesSomething(step)) steps.push_back(std::move(step));
  }
  // Another set may have the name of one that comes back.
  std::stable_partition(steps.begin(), steps.end(), [](const SetStep& step) {
    return step.after == nullptr;
  });
  return steps;
}

absl::StatusOr<std::vector<UndoableEntry>> ReadWayBack(store::Store& store,
                                                       std::uint64_t present,
                                                       std::uint64_t to) {
  if (to >= present) {
    return util::WithReason(
        absl::InvalidArgumentError(absl::StrCat(
            "generation ", to, " is not an earlier one: the present one is ",
            present)),
        "GENERATION_NOT_EARLIER");
  }
  std::vector<UndoableEntry> way_back;
  for (std::uint64_t generation = present; generation > to; --generation) {
    auto entry = store.ReadUndo(generation);
    if (absl::IsNotFound(entry.status())) return NotKept(to, generation);
    FW_RETURN_IF_ERROR(entry.status());
    way_back.push_back(*std::move(entry));
  }
  return way_back;
}

RollbackSteps PlanRollback(const std::vector<UndoableEntry>& way_back,
                           const policy::RuleSet& rules,
                           const policy::SetTable& sets, const Moment& now,
                           const std::string& boot_id) {
  return {StepsTo(RulesAfter(way_back, now, boot_id), rules, now),
          StepsTo(SetsAfter(way_back, sets), now)};
}

}  // namespace fwagent::core
