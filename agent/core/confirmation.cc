#include "agent/core/confirmation.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/core/expiry.h"
#include "agent/core/steps.h"
#include "agent/util/errno_status.h"

namespace fwagent::core {
namespace {

using policy::NamedSet;
using policy::Rule;
using policy::SetEntry;

store::SetDelta WayBackOf(const SetStep& step) {
  if (step.after == nullptr) return InverseOf(step);
  store::SetDelta delta{.id = step.after->info.id,
                        .drop = step.before == nullptr};
  if (!delta.drop) {
    delta.difference = step.difference.Inverse();
    return delta;
  }
  step.after->entries.ForEach([&delta](const SetEntry& entry) {
    delta.difference.before.push_back(entry);
  });
  return delta;
}

// Nobody has renewed it since. Deadlines may differ after a reboot; the times
// are written anew together (Refresh).
bool IsUnchanged(const Rule& present, const Rule& left) {
  return present.comment == left.comment &&
         present.expire_time == left.expire_time;
}

RulesThen RulesTakenBack(const store::TakeBack& back,
                         const policy::RuleSet& present, const Moment& now,
                         bool same_boot) {
  RulesThen then;
  absl::flat_hash_set<policy::RuleKey, policy::RuleKeyHash> changed_by_others;
  for (Rule left : back.after) {
    if (!same_boot) MoveToThisBoot(now, left);
    const auto found = present.rules().find(left.id);
    if (found != present.rules().end() && IsUnchanged(found->second, left)) {
      then[left.id] = std::nullopt;
    } else if (found != present.rules().end() ||
               !policy::HasEnded(left, now.tick())) {
      changed_by_others.insert(policy::KeyOf(left));
    }
  }
  for (Rule rule : back.before) {
    if (!same_boot) MoveToThisBoot(now, rule);
    if (changed_by_others.contains(policy::KeyOf(rule)) ||
        policy::HasEnded(rule, now.tick()) ||
        (present.rules().contains(rule.id) && !then.contains(rule.id))) {
      continue;
    }
    const Rule* place = present.Find(policy::KeyOf(rule));
    if (place != nullptr && !then.contains(place->id)) {
      if (!policy::HasEnded(*place, now.tick())) continue;
      then[place->id] = std::nullopt;
    }
    then[rule.id] = std::move(rule);
  }
  return then;
}

void TakeBackEntries(const policy::SetDifference& back, policy::Deadline now,
                     policy::SetEntries& entries) {
  absl::flat_hash_set<policy::Prefix> changed_by_others;
  for (const SetEntry& left : back.before) {
    const auto present = entries.Find(left.prefix);
    const bool ended_by_itself = !present.has_value() && left.until <= now;
    if (present == left.until) {
      entries.Erase(left.prefix);
    } else if (!ended_by_itself) {
      changed_by_others.insert(left.prefix);
    }
  }
  for (const SetEntry& entry : back.after) {
    if (!entries.Find(entry.prefix).has_value() &&
        !changed_by_others.contains(entry.prefix)) {
      entries.Put(entry);
    }
  }
}

SetsThen SetsTakenBack(const store::TakeBack& back,
                       const policy::SetTable& present, const Moment& now) {
  SetsThen then;
  std::map<policy::RuleId, std::shared_ptr<NamedSet>> by_id;
  for (const auto& [name, set] : present) by_id[set->info.id] = set;
  for (const store::SetDelta& delta : back.sets) {
    const auto found = by_id.find(delta.id);
    if (delta.create.has_value() || found == by_id.end()) continue;
    SetThen set{found->second, std::make_shared<NamedSet>(*found->second)};
    TakeBackEntries(delta.difference, now.tick(), set.then->entries);
    if (delta.drop && set.then->entries.empty()) set.then = nullptr;
    then[delta.id] = std::move(set);
  }
  // Those that it deleted, where their names are free by now.
  for (const store::SetDelta& delta : back.sets) {
    if (!delta.create.has_value() || by_id.contains(delta.id)) continue;
    const auto place = present.find(delta.create->name);
    if (place != present.end()) {
      const auto going = then.find(place->second->info.id);
      if (going == then.end() || going->second.then != nullptr) continue;
    }
    auto set = std::make_shared<NamedSet>();
    set->info = *delta.create;
    if (delta.content != nullptr) set->entries = *delta.content;
    then[delta.id] = {nullptr, std::move(set)};
  }
  return then;
}

}  // namespace

store::PendingChange PendingOf(const Change& change,
                               const std::vector<Step>& steps,
                               const std::vector<SetStep>& set_steps,
                               std::uint64_t generation, const Moment& now,
                               const std::string& boot_id) {
  const absl::Duration within = *change.confirm_within;
  store::PendingChange pending{
      .what = {.generation = generation,
               .time = WholeMicros(now.wall),
               .origin = change.origin,
               .until = now.DeadlineIn(within),
               .confirm_by = WholeMicros(now.wall + within),
               .boot_id = boot_id},
      .back = {.before = WayBack(steps, {}).add,
               .after = WayThere(steps, {}).add,
               .sets = {}}};
  for (const SetStep& step : set_steps) {
    pending.back.sets.push_back(WayBackOf(step));
  }
  return pending;
}

bool IsOverdue(const Unconfirmed& what, const Moment& now) {
  return what.until <= now.tick();
}

Change TakeBackOf(const Unconfirmed& what) {
  Change change;
  change.take_back = what.generation;
  change.origin = "agent";
  return change;
}

RollbackSteps PlanTakeBack(const store::TakeBack& back,
                           const policy::RuleSet& rules,
                           const policy::SetTable& sets, const Moment& now,
                           bool same_boot) {
  return {StepsTo(RulesTakenBack(back, rules, now, same_boot), rules, now),
          StepsTo(SetsTakenBack(back, sets, now), now)};
}

bool Refresh(const Moment& now, const std::string& boot_id,
             const policy::RuleSet& rules, const std::vector<Rule>& refreshed,
             store::PendingChange& pending) {
  Unconfirmed& what = pending.what;
  const bool same_boot = !boot_id.empty() && what.boot_id == boot_id;
  bool changed = !same_boot;
  what.boot_id = boot_id;
  if (now.wall >= what.time) {
    const absl::Time present = PresentTime(what.until, what.confirm_by, now);
    changed = changed || present != what.confirm_by;
    what.confirm_by = present;
  }
  std::map<policy::RuleId, const Rule*> anew;
  for (const Rule& rule : refreshed) anew[rule.id] = &rule;
  for (Rule& left : pending.back.after) {
    if (!same_boot) MoveToThisBoot(now, left);
    const auto found = anew.find(left.id);
    if (found == anew.end() ||
        !IsUnchanged(rules.rules().find(left.id)->second, left)) {
      continue;
    }
    changed = true;
    left.until = found->second->until;
    left.expire_time = found->second->expire_time;
  }
  for (Rule& rule : pending.back.before) {
    if (!same_boot) MoveToThisBoot(now, rule);
    if (FollowWallClock(now, rule)) changed = true;
  }
  return changed;
}

std::string ConfirmByText(const Unconfirmed& what, const Moment& now) {
  return absl::StrCat(
      "until ",
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                       PresentTime(what.until, what.confirm_by, now),
                       absl::UTCTimeZone()),
      " by the host's clock");
}

absl::Status WaitsAlready(const Unconfirmed& what, const Moment& now) {
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          "generation ", what.generation, ", asked for by ", what.origin,
          ", waits for its confirmation ", ConfirmByText(what, now),
          ", and one can at a time: confirm it ('fwctl confirm ",
          what.generation, "') or take it back ('fwctl rollback ",
          what.generation - 1, "') first")),
      "CONFIRMATION_PENDING");
}

}  // namespace fwagent::core
