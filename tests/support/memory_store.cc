#include "tests/support/memory_store.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/util/status_macros.h"

namespace fwagent::testing {
namespace {

using store::EntryClock;

policy::Deadline Redated(policy::Deadline until, const EntryClock& from,
                         const EntryClock& to) {
  return until == policy::kForever ? until : to.DeadlineOf(from.TickOf(until));
}

void Redate(const EntryClock& from, const EntryClock& to,
            store::SetDelta& delta) {
  for (auto* entries : {&delta.difference.before, &delta.difference.after}) {
    for (policy::SetEntry& entry : *entries) {
      entry.until = Redated(entry.until, from, to);
    }
  }
  if (delta.content == nullptr) return;
  delta.content = std::make_shared<policy::SetEntries>(delta.content->Redated(
      [&](policy::Deadline until) { return Redated(until, from, to); }));
}

}  // namespace

void MemoryStore::FailOnce(Call call, absl::Status status, int skip) {
  const util::MutexLock lock(&mutex_);
  failures_.push_back({call, skip, std::move(status)});
}

void MemoryStore::OnCommit(std::function<void()> hook) {
  const util::MutexLock lock(&mutex_);
  on_commit_ = std::move(hook);
}

store::State MemoryStore::state() const {
  const util::MutexLock lock(&mutex_);
  store::State state{.rules = {},
                     .sets = {},
                     .generation = content_.generation,
                     .next_rule_id = content_.next_rule_id,
                     .fresh = commits_ == 0,
                     .boot_id = content_.boot_id,
                     .entry_clock = content_.entry_clock};
  for (const auto& [id, rule] : content_.rules) state.rules.push_back(rule);
  for (const auto& [id, set] : content_.sets) {
    state.sets[set.info.name] = std::make_shared<policy::NamedSet>(set);
  }
  if (content_.unconfirmed.has_value()) {
    state.unconfirmed = content_.unconfirmed->what;
  }
  const auto newest = content_.history.find(content_.generation);
  state.etag = newest == content_.history.end()
                   ? absl::StrCat(content_.generation)
                   : newest->second.entry.etag;
  return state;
}

int MemoryStore::commits() const {
  const util::MutexLock lock(&mutex_);
  return commits_;
}

absl::StatusOr<store::State> MemoryStore::Load() {
  {
    const util::MutexLock lock(&mutex_);
    FW_RETURN_IF_ERROR(InjectedFailure(Call::kLoad));
    entry_clock_.reset();
  }
  return state();
}

absl::Status MemoryStore::CommitAll(absl::Span<const store::Delta> deltas) {
  std::function<void()> hook;
  {
    const util::MutexLock lock(&mutex_);
    hook = on_commit_;
  }
  if (hook) hook();

  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(InjectedFailure(Call::kCommit));
  const EntryClock clock = entry_clock_.value_or(content_.entry_clock);
  if (deltas.size() == 1) {
    FW_RETURN_IF_ERROR(Check(content_, deltas[0]));
    Redate(clock, content_);
    Apply(deltas[0], content_);
  } else {
    Content content = content_;
    Redate(clock, content);
    for (const store::Delta& delta : deltas) {
      FW_RETURN_IF_ERROR(Check(content, delta));
      Apply(delta, content);
    }
    content_ = std::move(content);
  }
  ++commits_;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<store::AnsweredRequest>> MemoryStore::FindRequest(
    std::string_view request_id) {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(InjectedFailure(Call::kFindRequest));
  const auto found = content_.request_places.find(request_id);
  if (found == content_.request_places.end()) return std::nullopt;
  return content_.requests.at(found->second);
}

absl::StatusOr<std::vector<store::HistoryEntry>> MemoryStore::ListHistory(
    std::uint64_t before, std::size_t limit) {
  const util::MutexLock lock(&mutex_);
  std::vector<store::HistoryEntry> entries;
  for (auto at = content_.history.lower_bound(before);
       at != content_.history.begin() && entries.size() < limit;) {
    --at;
    entries.push_back(at->second.entry);
    entries.back().can_undo = true;
  }
  return entries;
}

absl::StatusOr<store::UndoableEntry> MemoryStore::ReadUndo(
    std::uint64_t generation) {
  const util::MutexLock lock(&mutex_);
  const auto found = content_.history.find(generation);
  if (found == content_.history.end()) {
    return absl::NotFoundError("what leads back is not kept");
  }
  store::UndoableEntry entry = found->second;
  for (store::SetDelta& set : entry.undo.sets) {
    fwagent::testing::Redate(content_.entry_clock,
                             entry_clock_.value_or(content_.entry_clock), set);
  }
  return entry;
}

void MemoryStore::UseEntryClock(const EntryClock& clock) {
  const util::MutexLock lock(&mutex_);
  entry_clock_ = clock;
}

void MemoryStore::Redate(const EntryClock& clock, Content& content) {
  const EntryClock before = std::exchange(content.entry_clock, clock);
  if (before.shift == clock.shift) return;
  for (auto& [id, set] : content.sets) {
    set.entries = set.entries.Redated(
        [&](policy::Deadline until) { return Redated(until, before, clock); });
  }
  for (auto& [generation, entry] : content.history) {
    for (store::SetDelta& set : entry.undo.sets) {
      fwagent::testing::Redate(before, clock, set);
    }
  }
  if (!content.unconfirmed.has_value()) return;
  for (store::SetDelta& set : content.unconfirmed->back.sets) {
    fwagent::testing::Redate(before, clock, set);
  }
}

absl::StatusOr<store::TakeBack> MemoryStore::ReadTakeBack() {
  const util::MutexLock lock(&mutex_);
  if (!content_.unconfirmed.has_value()) {
    return absl::NotFoundError("nothing waits for a confirmation");
  }
  store::TakeBack back = content_.unconfirmed->back;
  for (store::SetDelta& set : back.sets) {
    fwagent::testing::Redate(content_.entry_clock,
                             entry_clock_.value_or(content_.entry_clock), set);
  }
  return back;
}

absl::Status MemoryStore::InjectedFailure(Call call) {
  auto due = failures_.end();
  for (auto failure = failures_.begin(); failure != failures_.end();
       ++failure) {
    if (failure->call != call) continue;
    if (failure->skip > 0) {
      --failure->skip;
    } else if (due == failures_.end()) {
      due = failure;
    }
  }
  if (due == failures_.end()) return absl::OkStatus();
  absl::Status status = std::move(due->status);
  failures_.erase(due);
  return status;
}

absl::Status MemoryStore::Check(const Content& content,
                                const store::Delta& delta) {
  absl::flat_hash_set<policy::RuleId> removed;
  for (const policy::RuleId id : delta.remove) {
    if (!content.rules.contains(id) || !removed.insert(id).second) {
      return absl::InternalError(absl::StrCat("there is no rule ", id));
    }
  }
  absl::flat_hash_set<policy::RuleId> added;
  for (const policy::Rule& rule : delta.add) {
    const bool present =
        content.rules.contains(rule.id) && !removed.contains(rule.id);
    if (rule.id == 0 || present || !added.insert(rule.id).second) {
      return absl::InternalError(
          absl::StrCat("rule ", rule.id, " is there, or impossible"));
    }
  }
  for (const store::SetDelta& set : delta.sets) {
    if (set.create.has_value() == content.sets.contains(set.id)) {
      return absl::InternalError(
          absl::StrCat("set ", set.id, " is there, or is not"));
    }
  }
  if (delta.remember &&
      content.request_places.contains(delta.remember->request_id) &&
      delta.forget_request_id != delta.remember->request_id) {
    return absl::InternalError(
        absl::StrCat("request ", delta.remember->request_id, " is there"));
  }
  return absl::OkStatus();
}

void MemoryStore::Forget(std::string_view request_id, Content& content) {
  const auto found = content.request_places.find(request_id);
  if (found == content.request_places.end()) return;
  content.requests.erase(found->second);
  content.request_places.erase(found);
}

void MemoryStore::Remember(const store::AnsweredRequest& request,
                           Content& content) {
  auto& requests = content.requests;
  const std::int64_t place =
      requests.empty() ? 1 : requests.rbegin()->first + 1;
  requests.emplace(place, request);
  content.request_places[request.request_id] = place;
  if (requests.begin()->first <= place - kRequestsKept) {
    Forget(std::string(requests.begin()->second.request_id), content);
  }
}

void MemoryStore::ApplySet(const store::SetDelta& delta, Content& content) {
  if (delta.drop) {
    content.sets.erase(delta.id);
    return;
  }
  if (delta.create.has_value()) content.sets[delta.id].info = *delta.create;
  policy::NamedSet& set = content.sets.at(delta.id);
  if (delta.content != nullptr) set.entries = *delta.content;
  policy::ApplyDifference(delta.difference, set.entries);
}

void MemoryStore::Apply(const store::Delta& delta, Content& content) {
  for (const store::SetDelta& set : delta.sets) ApplySet(set, content);
  for (const policy::RuleId id : delta.remove) content.rules.erase(id);
  for (const policy::Rule& rule : delta.add) {
    content.rules.emplace(rule.id, rule);
  }
  if (delta.forget_history_from != 0) {
    content.history.erase(
        content.history.lower_bound(delta.forget_history_from),
        content.history.end());
  }
  if (delta.history) {
    content.history[delta.history->entry.generation] = *delta.history;
  }
  if (delta.end_unconfirmed) content.unconfirmed.reset();
  if (delta.unconfirmed) content.unconfirmed = delta.unconfirmed;
  if (delta.forget_request_id) Forget(*delta.forget_request_id, content);
  if (delta.remember) Remember(*delta.remember, content);
  content.generation = delta.generation;
  content.next_rule_id = delta.next_rule_id;
  if (!delta.boot_id.empty()) content.boot_id = delta.boot_id;
}

}  // namespace fwagent::testing
