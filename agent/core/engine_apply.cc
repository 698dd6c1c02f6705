// The way of a change through the engine.
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/core/change_log.h"
#include "agent/core/confirmation.h"
#include "agent/core/desired_plan.h"
#include "agent/core/engine.h"
#include "agent/core/independence.h"
#include "agent/core/lockout.h"
#include "agent/core/ordered.h"
#include "agent/core/publication.h"
#include "agent/core/steps.h"
#include "agent/util/errno_status.h"
#include "agent/util/memory.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Family;

// A kernel that lacks something of its own must not read like a rule that is
// there already, or is not.
absl::Status NotEnforced(const absl::Status& status) {
  if (!absl::IsNotFound(status) && !absl::IsAlreadyExists(status)) {
    return status;
  }
  return absl::InternalError(absl::StrCat(
      "nothing was changed, because the kernel's tables are not as they were "
      "left (restart the agent to mend them): ",
      status.message()));
}

absl::Status RequestIdReused(const std::string& request_id) {
  return util::WithReason(
      absl::InvalidArgumentError(
          absl::StrCat("request_id: \"", request_id,
                       "\" was used for another request: take a new one")),
      "REQUEST_ID_REUSED");
}

// What takes `delta` back; ids are not given again.
store::Delta Inverse(const store::Delta& delta, store::PolicyDelta way_back,
                     std::optional<store::PendingChange> ended,
                     std::uint64_t old_generation,
                     policy::RuleId next_rule_id) {
  store::Delta inverse;
  inverse.add = std::move(way_back.add);
  inverse.remove = std::move(way_back.remove);
  inverse.sets = std::move(way_back.sets);
  inverse.generation = old_generation;
  inverse.next_rule_id = next_rule_id;
  inverse.end_unconfirmed = delta.unconfirmed.has_value();
  inverse.unconfirmed = std::move(ended);
  if (delta.history.has_value()) {
    inverse.forget_history_from = delta.generation;
  }
  if (delta.remember.has_value()) {
    inverse.forget_request_id = delta.remember->request_id;
  }
  return inverse;
}

absl::Status EtagMismatch(const std::string& present,
                          std::uint64_t generation) {
  return util::WithReason(
      absl::AbortedError(absl::StrCat(
          "the policy is no longer the one that this change is based on: it is "
          "at generation ",
          generation, " with the etag ", present,
          "; look at it again, then repeat the change")),
      "ETAG_MISMATCH");
}

}  // namespace

absl::StatusOr<ChangeResult> Engine::Apply(const Change& change) {
  return queue_.Run(change, [this](const Group& group) { ApplyGroup(group); });
}

void Engine::ApplyGroup(const Group& group) {
  const util::MutexLock change_lock(&change_mutex_);
  std::deque<QueuedChange*> waiting(group.begin(), group.end());
  while (!waiting.empty()) {
    Batch batch = TakeBatch(waiting);
    const std::size_t done = Carry(batch);
    // Those behind one that the kernel refused begin anew.
    for (std::size_t i = batch.members.size(); i > done; --i) {
      waiting.push_front(batch.members[i - 1].queued);
    }
  }
  if (rewrote_sources_) util::ReturnFreeMemory();
  rewrote_sources_ = false;
}

// Answers what needs no commit. The batch ends where a change must see what
// became of one before it.
Engine::Batch Engine::TakeBatch(std::deque<QueuedChange*>& waiting) {
  const KernelLimits kernel = {
      .capacity = {data_plane_->SourceUsage(Family::kIPv4).capacity,
                   data_plane_->SourceUsage(Family::kIPv6).capacity},
      .drops_by_default = data_plane_->DropsByDefault()};
  Batch batch;
  Independence independence;
  while (!waiting.empty()) {
    QueuedChange& queued = *waiting.front();
    const Change& change = *queued.change;
    if (!independence.LetIn(change)) break;
    waiting.pop_front();
    auto answer = FindAnswer(change);
    if (!answer.ok()) {
      queued.result = answer.status();
      continue;
    }
    if (answer->has_value()) {
      queued.result = **std::move(answer);
      continue;
    }
    const Moment now = clocks_.Now();
    auto way_back = ReadWayBackOf(change);
    util::MutexLock lock(&mutex_);
    Batch::Member member{.queued = &queued};
    const absl::Status planned =
        way_back.ok() ? Plan(change, *std::move(way_back), kernel, now, member)
                      : way_back.status();
    if (absl::IsResourceExhausted(planned) && !batch.members.empty()) {
      // One before it may be about to make room.
      waiting.push_front(&queued);
      break;
    }
    if (!planned.ok()) {
      queued.result = planned;
    } else if (!AnswerAtOnce(member)) {
      Accept(std::move(member), now, batch);
    }
  }
  return batch;
}

absl::Status Engine::Plan(const Change& change, WayBack way_back,
                          const KernelLimits& kernel, const Moment& now,
                          Batch::Member& member) {
  if (!change.etag.empty() && change.etag != etag_) {
    return EtagMismatch(etag_, generation_);
  }
  if (change.confirm_within && unconfirmed_) {
    return WaitsAlready(*unconfirmed_, now);
  }
  if (change.rollback_to || change.take_back) {
    PlanBack(change, std::move(way_back), now, member);
  } else if (!change.desired.empty()) {
    FW_ASSIGN_OR_RETURN(
        DesiredSteps plan,
        PlanDesired(change.desired, rules_, sets_, kernel.capacity, now));
    member.steps = std::move(plan.steps);
    member.set_steps = std::move(plan.set_steps);
  } else {
    FW_ASSIGN_OR_RETURN(member.steps,
                        PlanChange(change, rules_, kernel.capacity, now));
    FW_ASSIGN_OR_RETURN(member.set_steps, PlanSets(change, sets_, now));
  }
  const PlannedChange planned{member.steps, member.set_steps, rules_, sets_};
  if (!change.rollback_to && !change.take_back) {
    FW_RETURN_IF_ERROR(CheckSetsOfRules(planned));
  }
  if (change.force) return absl::OkStatus();
  return CheckLockout(change.lifelines, planned, kernel.drops_by_default,
                      now.tick());
}

ChangeResult Engine::ResultOf(const Batch::Member& member,
                              std::uint64_t generation) {
  ChangeResult result{RulesOf(member.steps), OutcomesOf(member.set_steps),
                      generation};
  if (!member.queued->change->desired.empty()) {
    result.rule_changes = RuleChangesOf(member.steps);
    result.set_changes = SetChangesOf(member.set_steps);
  }
  return result;
}

bool Engine::AnswerAtOnce(Batch::Member& member) {
  const Change& change = *member.queued->change;
  const bool empty = member.steps.empty() && member.set_steps.empty();
  const bool idle = empty && change.request_id.empty() && !member.ended;
  if (!change.validate_only && !idle) return false;
  member.queued->result = ResultOf(member, generation_);
  return true;
}

// What this request was answered before, if it was.
absl::StatusOr<std::optional<ChangeResult>> Engine::FindAnswer(
    const Change& change) {
  FW_RETURN_IF_ERROR(broken_);
  if (change.request_id.empty()) return std::nullopt;
  FW_ASSIGN_OR_RETURN(auto answered, store_->FindRequest(change.request_id));
  if (!answered.has_value()) return std::nullopt;
  if (answered->fingerprint != Fingerprint(change)) {
    return RequestIdReused(change.request_id);
  }
  ChangeResult result{std::move(answered->rules), std::move(answered->sets),
                      answered->generation};
  const auto waits = GetStatus().unconfirmed;
  const bool changed = !result.rules.empty() || !result.sets.empty();
  if (waits && changed && waits->generation == result.generation) {
    result.confirm_by = waits->confirm_by;
  }
  return result;
}

// Gives ids and a generation, and writes down what the disk is to hold.
void Engine::Accept(Batch::Member member, const Moment& now, Batch& batch) {
  const Change& change = *member.queued->change;
  NumberNew(member, WholeMicros(now.wall));
  store::PolicyDelta way = WayThere(member.steps, member.set_steps);
  store::Delta delta;
  delta.add = std::move(way.add);
  delta.remove = std::move(way.remove);
  delta.sets = std::move(way.sets);
  // Until the old deadlines are brought up to date, the store's belong to the
  // earlier run, and the next start goes by the wall clock.
  if (!old_deadlines_) delta.boot_id = clocks_.boot_id;
  delta.next_rule_id = next_rule_id_;
  const bool first = batch.deltas.empty();
  delta.generation = first ? generation_ : batch.deltas.back().generation;
  if (!member.steps.empty() || !member.set_steps.empty()) {
    ++delta.generation;
    delta.history =
        HistoryOf(change, member.steps, member.set_steps, delta.generation,
                  first ? etag_ : batch.etag, now.wall);
    delta.history->boot_id = clocks_.boot_id;
    batch.etag = delta.history->entry.etag;
    if (change.confirm_within) {
      delta.unconfirmed = PendingOf(change, member.steps, member.set_steps,
                                    delta.generation, now, clocks_.boot_id);
    }
  }
  delta.end_unconfirmed = member.ended.has_value();
  if (!change.request_id.empty()) {
    delta.remember = {change.request_id, Fingerprint(change),
                      RulesOf(member.steps), OutcomesOf(member.set_steps),
                      delta.generation};
  }
  batch.deltas.push_back(std::move(delta));
  batch.members.push_back(std::move(member));
}

// Ids are never given twice, not even one that was not acknowledged.
void Engine::NumberNew(Batch::Member& member, absl::Time now) {
  for (Step& step : member.steps) {
    if (!step.adds() || step.renews() || step.restores) continue;
    step.rule.id = next_rule_id_++;
    step.rule.create_time = now;
  }
  for (SetStep& step : member.set_steps) {
    if (step.before != nullptr || step.after->info.id != 0) continue;
    step.after->info.id = next_rule_id_++;
    step.after->info.create_time = now;
  }
}

// Commits all, then publishes and acknowledges one after the other. Returns how
// many of them have their answer: none behind one that could not be published.
std::size_t Engine::Carry(Batch& batch) {
  if (batch.members.empty()) return 0;
  GiveEntryClock();
  const absl::Status committed = store_->CommitAll(batch.deltas);
  if (!committed.ok()) {
    for (const Batch::Member& member : batch.members) {
      member.queued->result = committed;
    }
    return batch.members.size();
  }
  entry_clock_due_ = false;
  for (std::size_t i = 0; i < batch.members.size(); ++i) {
    Publication publication;
    {
      const util::MutexLock lock(&mutex_);
      publication = ToPublish(
          {batch.members[i].steps, batch.members[i].set_steps, rules_, sets_});
    }
    if (std::holds_alternative<AllSources>(publication)) {
      rewrote_sources_ = true;
    }
    const absl::Status published = Publish(publication, *data_plane_);
    if (!published.ok()) {
      // Some of it may be in force: Mend writes the tables anew.
      if (std::holds_alternative<Several>(publication)) tables_damaged_ = true;
      batch.members[i].queued->result = Undo(batch, i, published);
      return i + 1;
    }
    Acknowledge(batch.members[i], batch.deltas[i]);
  }
  return batch.members.size();
}

// Takes the commit of this member and of those behind it back, because of
// `why`; returns what its caller is told.
absl::Status Engine::Undo(const Batch& batch, std::size_t first,
                          const absl::Status& why) {
  std::uint64_t generation = 0;
  {
    const util::MutexLock lock(&mutex_);
    generation = generation_;
  }
  std::vector<store::Delta> inverses;
  for (std::size_t i = batch.members.size(); i > first; --i) {
    const Batch::Member& member = batch.members[i - 1];
    inverses.push_back(Inverse(
        batch.deltas[i - 1], core::WayBack(member.steps, member.set_steps),
        member.ended, generation, batch.deltas.back().next_rule_id));
  }
  const absl::Status undone = store_->CommitAll(inverses);
  if (undone.ok()) return NotEnforced(why);
  SetBroken(absl::FailedPreconditionError(absl::StrCat(
      "no changes are taken: one could not be enforced (", why.message(),
      ") nor taken back on disk (", undone.message(),
      "); the filter works on with the rules listed. Mend the cause and "
      "restart the agent")));
  return broken_;
}

// Nothing can fail any more: the rules were checked against rules_, and only
// this function, under change_mutex_, changes them.
void Engine::Acknowledge(Batch::Member& member, const store::Delta& delta) {
  bool earlier = false;
  {
    const util::MutexLock lock(&mutex_);
    const policy::Deadline next = FirstDeadline();
    ApplySteps(member.steps, rules_);
    for (const SetStep& step : member.set_steps) ApplyStep(step, sets_);
    generation_ = delta.generation;
    if (delta.history.has_value()) etag_ = delta.history->entry.etag;
    if (delta.end_unconfirmed) unconfirmed_.reset();
    if (delta.unconfirmed) unconfirmed_ = delta.unconfirmed->what;
    earlier = FirstDeadline() < next;
  }
  if (earlier && on_earlier_deadline_) on_earlier_deadline_();
  if (delta.history.has_value()) LogChange(delta.history->entry);
  if (delta.end_unconfirmed && !delta.history.has_value()) {
    LogNothingLeft(member.ended->what.generation);
  }
  ChangeResult result = ResultOf(member, delta.generation);
  if (delta.unconfirmed) {
    LogUnconfirmed(delta.unconfirmed->what);
    result.confirm_by = delta.unconfirmed->what.confirm_by;
  }
  member.queued->result = std::move(result);
}

}  // namespace fwagent::core
