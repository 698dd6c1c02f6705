// A store without a disk.
#ifndef FWAGENT_TESTS_SUPPORT_MEMORY_STORE_H_
#define FWAGENT_TESTS_SUPPORT_MEMORY_STORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/store/store.h"
#include "agent/util/mutex.h"

namespace fwagent::testing {

// Keeps what a disk would keep, so that an engine that is made anew on the same
// object sees a restart. Thread-safe.
class MemoryStore : public store::Store {
 public:
  enum class Call { kLoad, kCommit, kFindRequest };

  // Of the calls of this kind from now on, the one after `skip` others fails
  // and has no effect. Of several failures that are due, the oldest comes
  // first.
  void FailOnce(Call call, absl::Status status, int skip = 0);

  // Runs at the start of each commit, with no lock held: a slow disk.
  void OnCommit(std::function<void()> hook);

  // What Load would return.
  store::State state() const;
  // Calls of CommitAll that took effect.
  int commits() const;

  absl::StatusOr<store::State> Load() override;
  absl::Status CommitAll(absl::Span<const store::Delta> deltas) override;
  absl::StatusOr<std::optional<store::AnsweredRequest>> FindRequest(
      std::string_view request_id) override;
  absl::StatusOr<std::vector<store::HistoryEntry>> ListHistory(
      std::uint64_t before, std::size_t limit) override;
  absl::StatusOr<store::UndoableEntry> ReadUndo(
      std::uint64_t generation) override;
  absl::StatusOr<store::TakeBack> ReadTakeBack() override;
  void UseEntryClock(const store::EntryClock& clock) override;

 private:
  struct Failure {
    Call call;
    int skip;
    absl::Status status;
  };

  absl::Status InjectedFailure(Call call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What would be on the disk.
  struct Content {
    std::map<policy::RuleId, policy::Rule> rules;
    std::map<policy::RuleId, policy::NamedSet> sets;
    // By order of arrival, and where to find an id among them.
    std::map<std::int64_t, store::AnsweredRequest> requests;
    std::map<std::string, std::int64_t, std::less<>> request_places;
    std::map<std::uint64_t, store::UndoableEntry> history;
    std::optional<store::PendingChange> unconfirmed;
    std::uint64_t generation = 0;
    policy::RuleId next_rule_id = 1;
    std::string boot_id;
    // By which the ends of entries are what they are here.
    store::EntryClock entry_clock;
  };

  // OK if the delta can be applied.
  static absl::Status Check(const Content& content, const store::Delta& delta);
  static void Apply(const store::Delta& delta, Content& content);
  static void Redate(const store::EntryClock& clock, Content& content);
  static void ApplySet(const store::SetDelta& delta, Content& content);
  static void Forget(std::string_view request_id, Content& content);
  static void Remember(const store::AnsweredRequest& request, Content& content);

  mutable util::Mutex mutex_;
  Content content_ ABSL_GUARDED_BY(mutex_);
  // Since Load.
  std::optional<store::EntryClock> entry_clock_ ABSL_GUARDED_BY(mutex_);
  int commits_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Failure> failures_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_commit_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_MEMORY_STORE_H_
