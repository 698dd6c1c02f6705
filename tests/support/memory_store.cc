#include "tests/support/memory_store.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/util/status_macros.h"

namespace fwagent::testing {
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
                     .generation = generation_,
                     .next_rule_id = next_rule_id_,
                     .fresh = commits_ == 0};
  for (const auto& [id, rule] : rules_) state.rules.push_back(rule);
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
  }
  return state();
}

absl::Status MemoryStore::Commit(const store::Delta& delta) {
  std::function<void()> hook;
  {
    const util::MutexLock lock(&mutex_);
    hook = on_commit_;
  }
  if (hook) hook();

  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(InjectedFailure(Call::kCommit));
  FW_RETURN_IF_ERROR(Check(delta));
  for (const policy::RuleId id : delta.remove) rules_.erase(id);
  for (const policy::Rule& rule : delta.add) rules_.emplace(rule.id, rule);
  if (delta.forget_request_id) Forget(*delta.forget_request_id);
  if (delta.remember) Remember(*delta.remember);
  generation_ = delta.generation;
  next_rule_id_ = delta.next_rule_id;
  ++commits_;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<store::AnsweredRequest>> MemoryStore::FindRequest(
    std::string_view request_id) {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(InjectedFailure(Call::kFindRequest));
  const auto found = request_places_.find(request_id);
  if (found == request_places_.end()) return std::nullopt;
  return requests_.at(found->second);
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

absl::Status MemoryStore::Check(const store::Delta& delta) const {
  absl::flat_hash_set<policy::RuleId> removed;
  for (const policy::RuleId id : delta.remove) {
    if (!rules_.contains(id) || !removed.insert(id).second) {
      return absl::InternalError(absl::StrCat("there is no rule ", id));
    }
  }
  absl::flat_hash_set<policy::RuleId> added;
  for (const policy::Rule& rule : delta.add) {
    const bool present = rules_.contains(rule.id) && !removed.contains(rule.id);
    if (rule.id == 0 || present || !added.insert(rule.id).second) {
      return absl::InternalError(
          absl::StrCat("rule ", rule.id, " is there, or impossible"));
    }
  }
  if (delta.remember && request_places_.contains(delta.remember->request_id) &&
      delta.forget_request_id != delta.remember->request_id) {
    return absl::InternalError(
        absl::StrCat("request ", delta.remember->request_id, " is there"));
  }
  return absl::OkStatus();
}

void MemoryStore::Forget(const std::string& request_id) {
  const auto found = request_places_.find(request_id);
  if (found == request_places_.end()) return;
  requests_.erase(found->second);
  request_places_.erase(found);
}

void MemoryStore::Remember(const store::AnsweredRequest& request) {
  const std::int64_t place =
      requests_.empty() ? 1 : requests_.rbegin()->first + 1;
  requests_.emplace(place, request);
  request_places_[request.request_id] = place;
  if (requests_.begin()->first <= place - kRequestsKept) {
    Forget(std::string(requests_.begin()->second.request_id));
  }
}

}  // namespace fwagent::testing
