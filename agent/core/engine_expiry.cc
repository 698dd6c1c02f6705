// The part of the engine that is about what ends by itself.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "agent/core/confirmation.h"
#include "agent/core/engine.h"
#include "agent/core/entry_clock.h"
#include "agent/core/expiry.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {

using policy::Rule;

std::optional<Change> Engine::RemovalOfEnded() const {
  const policy::Deadline now = clocks_.Now().tick();
  Change change{.edits = {},
                .skip_satisfied = true,
                .request_id = "",
                .origin = "expiry"};
  const util::MutexLock lock(&mutex_);
  for (const auto& [until, id] : rules_.endings()) {
    if (until > now) break;
    const Rule& rule = rules_.rules().find(id)->second;
    change.edits.push_back({.kind = Edit::Kind::kEnd,
                            .match = rule.match,
                            .comment = {},
                            .action = rule.action,
                            .owner = rule.owner});
  }
  for (const auto& [name, set] : sets_) {
    if (set->entries.NextDeadline() > now) continue;
    change.sets.push_back({.kind = SetEdit::Kind::kEnd, .name = name});
  }
  if (change.edits.empty() && change.sets.empty()) return std::nullopt;
  return change;
}

policy::Deadline Engine::FirstEnd() const {
  policy::Deadline first = rules_.NextDeadline();
  for (const auto& [name, set] : sets_) {
    first = std::min(first, set->entries.NextDeadline());
  }
  return first;
}

policy::Deadline Engine::NextDeadline() const {
  const util::MutexLock lock(&mutex_);
  return FirstEnd();
}

void Engine::OnEarlierDeadline(std::function<void()> listener) {
  const util::MutexLock change_lock(&change_mutex_);
  on_earlier_deadline_ = std::move(listener);
}

void Engine::GiveEntryClock() {
  entry_clock_ = Noted(entry_clock_, clocks_.Now());
  store_->UseEntryClock(entry_clock_);
}

// What brings the rules on disk, and what waits for a confirmation, up to date
// with the clocks.
absl::StatusOr<store::Delta> Engine::Refreshed(const Moment& now) {
  store::Delta delta;
  {
    const util::MutexLock lock(&mutex_);
    if (unconfirmed_) delta.unconfirmed.emplace().what = *unconfirmed_;
  }
  if (delta.unconfirmed) {
    FW_ASSIGN_OR_RETURN(delta.unconfirmed->back, store_->ReadTakeBack());
  }
  const util::MutexLock lock(&mutex_);
  for (const auto& [until, id] : rules_.endings()) {
    Rule rule = rules_.rules().find(id)->second;
    if (!FollowWallClock(now, rule) && !old_deadlines_) continue;
    delta.remove.push_back(id);
    delta.add.push_back(std::move(rule));
  }
  delta.generation = generation_;
  delta.next_rule_id = next_rule_id_;
  if (delta.unconfirmed &&
      !Refresh(now, clocks_.boot_id, rules_, delta.add, *delta.unconfirmed)) {
    delta.unconfirmed.reset();
  }
  if (!delta.add.empty() || delta.unconfirmed) delta.boot_id = clocks_.boot_id;
  const bool entries_end = std::any_of(
      sets_.begin(), sets_.end(),
      [](const auto& set) { return set.second->entries.HaveEnds(); });
  // Without any, it is written together with the first.
  if (!entries_end) entry_clock_due_ = false;
  return delta;
}

absl::Status Engine::RefreshExpiry() {
  const util::MutexLock change_lock(&change_mutex_);
  FW_RETURN_IF_ERROR(broken_);
  const Moment now = clocks_.Now();
  const absl::Time wall_at_boot = now.wall - now.since_boot;
  const bool was_set =
      wall_at_boot_.has_value() &&
      absl::AbsDuration(wall_at_boot - *wall_at_boot_) >= absl::Seconds(0.5);
  if (!old_deadlines_ && !entry_clock_due_ && wall_at_boot_.has_value() &&
      !was_set) {
    return absl::OkStatus();
  }
  if (was_set) {
    entry_clock_ = Noted(entry_clock_, now, /*wall_was_set=*/true);
    entry_clock_due_ = true;
  }
  FW_ASSIGN_OR_RETURN(store::Delta delta, Refreshed(now));
  const bool changes = !delta.add.empty() || delta.unconfirmed.has_value();
  if (changes || entry_clock_due_) {
    GiveEntryClock();
    FW_RETURN_IF_ERROR(store_->Commit(delta));
  }
  old_deadlines_ = false;  // or all those rules have gone
  entry_clock_due_ = false;
  wall_at_boot_ = wall_at_boot;
  if (!changes) return absl::OkStatus();
  spdlog::info("the ends of {} rules were brought up to date with the clocks",
               delta.add.size());
  const util::MutexLock lock(&mutex_);
  if (delta.unconfirmed) unconfirmed_ = std::move(delta.unconfirmed->what);
  for (Rule& rule : delta.add) {
    rules_.Remove(rule.id).IgnoreError();
    rules_.Add(std::move(rule)).IgnoreError();
  }
  return absl::OkStatus();
}

}  // namespace fwagent::core
