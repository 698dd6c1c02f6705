// The part of the engine that is about rules that end by themselves.
#include <spdlog/spdlog.h>

#include <utility>

#include "agent/core/confirmation.h"
#include "agent/core/engine.h"
#include "agent/core/expiry.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {

using policy::Rule;

Change Engine::RemovalOfEnded() const {
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
  return change;
}

policy::Deadline Engine::NextDeadline() const {
  const util::MutexLock lock(&mutex_);
  return rules_.NextDeadline();
}

void Engine::OnEarlierDeadline(std::function<void()> listener) {
  const util::MutexLock change_lock(&change_mutex_);
  on_earlier_deadline_ = std::move(listener);
}

absl::Status Engine::RefreshExpiry() {
  const util::MutexLock change_lock(&change_mutex_);
  FW_RETURN_IF_ERROR(broken_);
  const Moment now = clocks_.Now();
  const absl::Time wall_at_boot = now.wall - now.since_boot;
  if (!old_deadlines_ && wall_at_boot_.has_value() &&
      absl::AbsDuration(wall_at_boot - *wall_at_boot_) < absl::Seconds(0.5)) {
    return absl::OkStatus();
  }
  store::Delta delta;
  {
    const util::MutexLock lock(&mutex_);
    if (unconfirmed_) delta.unconfirmed.emplace().what = *unconfirmed_;
  }
  if (delta.unconfirmed) {
    FW_ASSIGN_OR_RETURN(delta.unconfirmed->back, store_->ReadTakeBack());
  }
  {
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
  }
  const bool changes = !delta.add.empty() || delta.unconfirmed.has_value();
  if (changes) {
    delta.boot_id = clocks_.boot_id;
    FW_RETURN_IF_ERROR(store_->Commit(delta));
  }
  old_deadlines_ = false;  // or all those rules have gone
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
