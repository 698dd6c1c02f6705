// The way of a change through the engine.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/core/engine.h"
#include "agent/core/publication.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Family;
using policy::Rule;
using Kind = Edit::Kind;

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

std::vector<Rule> RulesOf(const std::vector<Step>& steps) {
  std::vector<Rule> rules;
  rules.reserve(steps.size());
  for (const Step& step : steps) rules.push_back(step.rule);
  return rules;
}

std::vector<policy::SetOutcome> OutcomesOf(const std::vector<SetStep>& steps) {
  std::vector<policy::SetOutcome> outcomes;
  for (const SetStep& step : steps) outcomes.push_back(OutcomeOf(step));
  return outcomes;
}

// What takes `delta` back; ids are not given again.
store::Delta Inverse(const store::Delta& delta, const std::vector<Step>& steps,
                     const std::vector<SetStep>& set_steps,
                     std::uint64_t old_generation,
                     policy::RuleId next_rule_id) {
  store::Delta inverse;
  for (const SetStep& step : set_steps) {
    inverse.sets.push_back(InverseOf(step));
  }
  for (const Step& step : steps) {
    if (step.kind == Kind::kBlock) {
      inverse.remove.push_back(step.rule.id);
    } else {
      inverse.add.push_back(step.rule);
    }
  }
  inverse.generation = old_generation;
  inverse.next_rule_id = next_rule_id;
  if (delta.remember.has_value()) {
    inverse.forget_request_id = delta.remember->request_id;
  }
  return inverse;
}

// Whether changes can be planned without a look at each other.
class Independence {
 public:
  // False, and no effect, when this one meets one that was let in before.
  bool LetIn(const Change& change) {
    for (const Edit& edit : change.edits) {
      if (matches_.contains(edit.match)) return false;
    }
    for (const SetEdit& edit : change.sets) {
      if (sets_.contains(edit.name)) return false;
    }
    if (!change.request_id.empty() &&
        !request_ids_.insert(change.request_id).second) {
      return false;
    }
    for (const Edit& edit : change.edits) matches_.insert(edit.match);
    for (const SetEdit& edit : change.sets) sets_.insert(edit.name);
    return true;
  }

 private:
  absl::flat_hash_set<policy::Match, policy::MatchHash> matches_;
  absl::flat_hash_set<std::string> sets_;
  absl::flat_hash_set<std::string> request_ids_;
};

void Log(const std::vector<Step>& steps, const Change& change,
         std::uint64_t generation) {
  if (steps.size() == 1) {
    const Rule& rule = steps.front().rule;
    spdlog::info("{} {}: rule {}, generation {}, asked by {}",
                 KindName(steps.front().kind),
                 policy::MatchToString(rule.match), rule.id, generation,
                 change.origin);
    return;
  }
  const auto blocked =
      std::count_if(steps.begin(), steps.end(),
                    [](const Step& step) { return step.kind == Kind::kBlock; });
  spdlog::info("block {} sources and unblock {}: generation {}, asked by {}",
               blocked, static_cast<std::ptrdiff_t>(steps.size()) - blocked,
               generation, change.origin);
}

void LogSet(const policy::SetOutcome& set, const Change& change,
            std::uint64_t generation) {
  spdlog::info(
      "set {} ({}): {} entries, {} in, {} out; generation {}, asked by {}",
      set.info.name, policy::SetActionName(set.info.action), set.size,
      set.added, set.removed, generation, change.origin);
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
}

// Answers what needs no commit. The batch ends where a change must see what
// became of one before it.
Engine::Batch Engine::TakeBatch(std::deque<QueuedChange*>& waiting) {
  const SourceCapacity capacity = {
      data_plane_->SourceUsage(Family::kIPv4).capacity,
      data_plane_->SourceUsage(Family::kIPv6).capacity};
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
    util::MutexLock lock(&mutex_);
    Batch::Member member{.queued = &queued};
    const absl::Status planned = Plan(change, capacity, member);
    if (absl::IsResourceExhausted(planned) && !batch.members.empty()) {
      // One before it may be about to make room.
      waiting.push_front(&queued);
      break;
    }
    if (!planned.ok()) {
      queued.result = planned;
    } else if (!AnswerAtOnce(member)) {
      Accept(std::move(member), batch);
    }
  }
  return batch;
}

absl::Status Engine::Plan(const Change& change, const SourceCapacity& capacity,
                          Batch::Member& member) {
  FW_ASSIGN_OR_RETURN(member.steps, PlanChange(change, rules_, capacity));
  FW_ASSIGN_OR_RETURN(member.set_steps, PlanSets(change, sets_));
  return absl::OkStatus();
}

bool Engine::AnswerAtOnce(Batch::Member& member) {
  const Change& change = *member.queued->change;
  const bool empty = member.steps.empty() && member.set_steps.empty();
  if (!change.validate_only && !(empty && change.request_id.empty())) {
    return false;
  }
  member.queued->result = ChangeResult{
      RulesOf(member.steps), OutcomesOf(member.set_steps), generation_};
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
  return ChangeResult{std::move(answered->rules), std::move(answered->sets),
                      answered->generation};
}

// Gives ids and a generation, and writes down what the disk is to hold.
void Engine::Accept(Batch::Member member, Batch& batch) {
  const Change& change = *member.queued->change;
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(clock_()));
  store::Delta delta;
  for (Step& step : member.steps) {
    if (step.kind == Kind::kUnblock) {
      delta.remove.push_back(step.rule.id);
      continue;
    }
    // Never given twice, not even an id that was not acknowledged.
    step.rule.id = next_rule_id_++;
    step.rule.create_time = now;
    delta.add.push_back(step.rule);
  }
  for (SetStep& step : member.set_steps) {
    if (step.before == nullptr) {
      step.after->info.id = next_rule_id_++;
      step.after->info.create_time = now;
    }
    delta.sets.push_back(DeltaOf(step));
  }
  const bool empty = member.steps.empty() && member.set_steps.empty();
  delta.next_rule_id = next_rule_id_;
  delta.generation =
      (batch.deltas.empty() ? generation_ : batch.deltas.back().generation) +
      (empty ? 0 : 1);
  if (!change.request_id.empty()) {
    delta.remember = {change.request_id, Fingerprint(change),
                      RulesOf(member.steps), OutcomesOf(member.set_steps),
                      delta.generation};
  }
  batch.deltas.push_back(std::move(delta));
  batch.members.push_back(std::move(member));
}

// Commits all, then publishes and acknowledges one after the other. Returns how
// many of them have their answer: none behind one that could not be published.
std::size_t Engine::Carry(Batch& batch) {
  if (batch.members.empty()) return 0;
  const absl::Status committed = store_->CommitAll(batch.deltas);
  if (!committed.ok()) {
    for (const Batch::Member& member : batch.members) {
      member.queued->result = committed;
    }
    return batch.members.size();
  }
  for (std::size_t i = 0; i < batch.members.size(); ++i) {
    Publication publication;
    {
      const util::MutexLock lock(&mutex_);
      publication = ToPublish(
          {batch.members[i].steps, batch.members[i].set_steps, rules_, sets_});
    }
    const absl::Status published = Publish(publication, *data_plane_);
    if (!published.ok()) {
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
    inverses.push_back(Inverse(batch.deltas[i - 1], batch.members[i - 1].steps,
                               batch.members[i - 1].set_steps, generation,
                               batch.deltas.back().next_rule_id));
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
  std::vector<policy::SetOutcome> outcomes;
  {
    const util::MutexLock lock(&mutex_);
    for (const Step& step : member.steps) {
      if (step.kind == Kind::kBlock) {
        rules_.Add(step.rule).IgnoreError();
      } else {
        rules_.Remove(step.rule.match).IgnoreError();
      }
    }
    // Before sets change in place, which the outcome is counted from.
    outcomes = OutcomesOf(member.set_steps);
    for (const SetStep& step : member.set_steps) ApplyStep(step, sets_);
    generation_ = delta.generation;
  }
  const Change& change = *member.queued->change;
  if (!member.steps.empty()) Log(member.steps, change, delta.generation);
  for (const policy::SetOutcome& set : outcomes) {
    LogSet(set, change, delta.generation);
  }
  member.queued->result = ChangeResult{RulesOf(member.steps),
                                       std::move(outcomes), delta.generation};
}

}  // namespace fwagent::core
