// The part of the engine that is about changes that must be confirmed, and the
// ways back.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/core/change_log.h"
#include "agent/core/confirmation.h"
#include "agent/core/engine.h"
#include "agent/core/expiry.h"
#include "agent/core/rollback.h"
#include "agent/core/sources.h"
#include "agent/core/steps.h"
#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

absl::Status NothingWaits() {
  return util::WithReason(
      absl::NotFoundError(
          "nothing waits for a confirmation: it was confirmed or taken back "
          "already, see 'fwctl history'"),
      "NOTHING_TO_CONFIRM");
}

absl::Status AnotherWaits(const Unconfirmed& what, std::uint64_t asked_for) {
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          "generation ", asked_for, " does not wait for a confirmation: ",
          what.generation, " does, asked for by ", what.origin)),
      "ANOTHER_TO_CONFIRM");
}

absl::Status TooLate(const Unconfirmed& what) {
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          "generation ", what.generation,
          " was not confirmed in time and is being taken back: make the change "
          "again, and confirm it sooner")),
      "CONFIRMED_TOO_LATE");
}

}  // namespace

absl::StatusOr<std::uint64_t> Engine::Confirm(
    std::optional<std::uint64_t> generation, const std::string& origin) {
  const util::MutexLock change_lock(&change_mutex_);
  FW_RETURN_IF_ERROR(broken_);
  std::optional<Unconfirmed> waits;
  store::Delta delta;
  {
    const util::MutexLock lock(&mutex_);
    waits = unconfirmed_;
    delta.generation = generation_;
    delta.next_rule_id = next_rule_id_;
  }
  if (!waits.has_value()) return NothingWaits();
  if (generation.value_or(waits->generation) != waits->generation) {
    return AnotherWaits(*waits, *generation);
  }
  if (IsOverdue(*waits, clocks_.Now())) return TooLate(*waits);
  delta.end_unconfirmed = true;
  FW_RETURN_IF_ERROR(store_->Commit(delta));
  {
    const util::MutexLock lock(&mutex_);
    unconfirmed_.reset();
  }
  spdlog::info("generation {} is confirmed, asked by {}", waits->generation,
               origin);
  return waits->generation;
}

std::optional<Change> Engine::TakeBackOfOverdue() const {
  const Moment now = clocks_.Now();
  const util::MutexLock lock(&mutex_);
  if (!unconfirmed_.has_value() || !IsOverdue(*unconfirmed_, now)) {
    return std::nullopt;
  }
  return TakeBackOf(*unconfirmed_);
}

policy::Deadline Engine::NextConfirmation() const {
  const util::MutexLock lock(&mutex_);
  return unconfirmed_.has_value() ? unconfirmed_->until : policy::kForever;
}

policy::Deadline Engine::FirstDeadline() const {
  const policy::Deadline end = FirstEnd();
  return unconfirmed_.has_value() ? std::min(end, unconfirmed_->until) : end;
}

absl::StatusOr<Engine::WayBack> Engine::ReadWayBackOf(const Change& change) {
  WayBack way_back;
  if (!change.rollback_to && !change.take_back) return way_back;
  std::uint64_t generation = 0;
  std::optional<Unconfirmed> waits;
  {
    const util::MutexLock lock(&mutex_);
    generation = generation_;
    waits = unconfirmed_;
  }
  if (change.rollback_to) {
    FW_ASSIGN_OR_RETURN(way_back.entries,
                        ReadWayBack(*store_, generation, *change.rollback_to));
  }
  const bool ends =
      waits && (change.rollback_to ? *change.rollback_to < waits->generation
                                   : *change.take_back == waits->generation);
  if (!ends) return way_back;
  way_back.pending.emplace();
  way_back.pending->what = *std::move(waits);
  FW_ASSIGN_OR_RETURN(way_back.pending->back, store_->ReadTakeBack());
  return way_back;
}

void Engine::PlanBack(const Change& change, WayBack way_back, const Moment& now,
                      Batch::Member& member) {
  const auto& pending = way_back.pending;
  if (change.take_back && (!pending || !IsOverdue(pending->what, now))) {
    return;  // confirmed, or taken back, meanwhile
  }
  RollbackSteps plan =
      change.rollback_to
          ? PlanRollback(way_back.entries, rules_, sets_, now, clocks_.boot_id)
          : PlanTakeBack(pending->back, rules_, sets_, now,
                         pending->what.boot_id == clocks_.boot_id);
  member.steps = std::move(plan.steps);
  member.set_steps = std::move(plan.set_steps);
  member.ended = std::move(way_back.pending);
}

// Tables that cannot hold it must not keep the agent from starting.
absl::Status Engine::CheckRoomFor(const PlannedChange& change) const {
  std::array<std::uint64_t, policy::kFamilies> wanted{};
  for (const policy::SourceRule& source : SourcesAfter(change)) {
    ++wanted[static_cast<std::size_t>(source.prefix.family())];
  }
  for (const policy::Family family :
       {policy::Family::kIPv4, policy::Family::kIPv6}) {
    const std::uint64_t capacity = data_plane_->SourceUsage(family).capacity;
    if (wanted[static_cast<std::size_t>(family)] > capacity) {
      return dataplane::SourceTableFull(family, capacity);
    }
  }
  return absl::OkStatus();
}

// Of the store, and of what was loaded from it, before the kernel is told.
absl::Status Engine::TakeBackAtStart(store::Store& store, const Moment& now,
                                     policy::RuleSet& rules,
                                     store::State& state) {
  if (!state.unconfirmed.has_value()) return absl::OkStatus();
  Unconfirmed& what = *state.unconfirmed;
  const bool same_boot =
      !clocks_.boot_id.empty() && what.boot_id == clocks_.boot_id;
  if (!same_boot) {
    what.until = DeadlineInThisBoot(now, what.time, what.confirm_by);
  }
  if (!IsOverdue(what, now)) return absl::OkStatus();
  FW_ASSIGN_OR_RETURN(const store::TakeBack back, store.ReadTakeBack());
  const RollbackSteps plan =
      PlanTakeBack(back, rules, state.sets, now, same_boot);
  store::PolicyDelta way = WayThere(plan.steps, plan.set_steps);
  store::Delta delta;
  delta.add = std::move(way.add);
  delta.remove = std::move(way.remove);
  delta.sets = std::move(way.sets);
  delta.generation = state.generation;
  delta.next_rule_id = state.next_rule_id;
  delta.end_unconfirmed = true;
  if (!old_deadlines_) delta.boot_id = clocks_.boot_id;
  if (!plan.steps.empty() || !plan.set_steps.empty()) {
    delta.history = HistoryOf(TakeBackOf(what), plan.steps, plan.set_steps,
                              ++delta.generation, state.etag, now.wall);
    delta.history->boot_id = clocks_.boot_id;
  }
  absl::Status committed =
      CheckRoomFor({plan.steps, plan.set_steps, rules, state.sets});
  if (committed.ok()) committed = store.Commit(delta);
  if (!committed.ok()) {
    // Nor must a full disk; ExpiryWorker tries again.
    spdlog::error(
        "generation {} was not confirmed and cannot be taken back: {}",
        what.generation, std::string(committed.message()));
    return absl::OkStatus();
  }
  ApplySteps(plan.steps, rules);
  for (const SetStep& step : plan.set_steps) ApplyStep(step, state.sets);
  state.generation = delta.generation;
  if (delta.history.has_value()) {
    state.etag = delta.history->entry.etag;
    LogChange(delta.history->entry);
  } else {
    LogNothingLeft(what.generation);
  }
  state.unconfirmed.reset();
  return absl::OkStatus();
}

}  // namespace fwagent::core
