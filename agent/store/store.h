// Durable state: what was acknowledged.
#ifndef FWAGENT_AGENT_STORE_STORE_H_
#define FWAGENT_AGENT_STORE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule.h"
#include "agent/store/entry_clock.h"
#include "agent/store/history.h"
#include "agent/store/unconfirmed.h"

namespace fwagent::store {

// The answer that a request id was given.
struct AnsweredRequest {
  std::string request_id;
  std::string fingerprint;  // equal for requests with the same content
  std::vector<policy::Rule> rules;
  std::vector<policy::SetOutcome> sets;
  std::uint64_t generation = 0;

  bool operator==(const AnsweredRequest&) const = default;
};

// Everything at start.
struct State {
  std::vector<policy::Rule> rules;  // in order of id
  policy::SetTable sets;
  std::uint64_t generation = 0;
  policy::RuleId next_rule_id = 1;
  // No store was there before: nothing was ever acknowledged by it.
  bool fresh = false;
  // The run of the host whose deadlines the rules have; see Delta.
  std::string boot_id = {};
  std::string etag = {};  // of the generation; never empty unless fresh
  // By which the ends of sets' entries are deadlines of the run of the host
  // that it names.
  EntryClock entry_clock = {};
  std::optional<Unconfirmed> unconfirmed = {};
};

// One step from a generation to another. Applied as a whole or not at all.
struct Delta {
  std::vector<policy::Rule> add;
  std::vector<policy::RuleId> remove;
  std::vector<SetDelta> sets;
  std::uint64_t generation = 0;
  policy::RuleId next_rule_id = 1;
  std::optional<AnsweredRequest> remember;
  std::optional<std::string> forget_request_id;
  // The run of the host (/proc/sys/kernel/random/boot_id) that every deadline
  // in the store belongs to from now on; empty: the same as before.
  std::string boot_id = {};
  // What is kept of the new generation, whose rules' ends belong to that run.
  std::optional<UndoableEntry> history = {};
  // From this generation on nothing is kept; 0: everything.
  std::uint64_t forget_history_from = 0;
  // What waited for a confirmation does so no longer; and this does, in its
  // place.
  bool end_unconfirmed = false;
  std::optional<PendingChange> unconfirmed = {};
};

// Calls come one at a time, except FindRequest and ListHistory, which may come
// at any time.
class Store {
 public:
  // Newest answered requests that are kept; older ones are forgotten.
  static constexpr std::int64_t kRequestsKept = 100'000;

  virtual ~Store() = default;

  virtual absl::StatusOr<State> Load() = 0;

  // Applies one delta after the other. All are durable when it returns OK; none
  // has an effect otherwise. RESOURCE_EXHAUSTED: the disk is full.
  virtual absl::Status CommitAll(absl::Span<const Delta> deltas) = 0;
  absl::Status Commit(const Delta& delta) { return CommitAll({&delta, 1}); }

  // By this clock the ends of sets' entries are written and read from now on,
  // also of those that are there. It is durable with the next commit. Without
  // it, that of Load.
  virtual void UseEntryClock(const EntryClock& clock) = 0;

  // What Load returned was right: from now on a copy is kept of what is good,
  // where there is a disk to keep it on.
  virtual void KeepCopy() {}

  // nullopt when the id is not known (any more).
  virtual absl::StatusOr<std::optional<AnsweredRequest>> FindRequest(
      std::string_view request_id) = 0;

  // The newest generations first: at most `limit` of those below `before`.
  virtual absl::StatusOr<std::vector<HistoryEntry>> ListHistory(
      std::uint64_t before, std::size_t limit) = 0;
  // What leads back from this generation. NOT_FOUND: it is not kept, or not any
  // more.
  virtual absl::StatusOr<UndoableEntry> ReadUndo(std::uint64_t generation) = 0;

  // Of what waits for a confirmation. NOT_FOUND: there is nothing.
  virtual absl::StatusOr<TakeBack> ReadTakeBack() = 0;
};

// DATA_LOSS: what was loaded cannot be true.
absl::Status ContradictionError(std::string_view what);

// Whether this error of opening or loading a store means that its content is
// lost, or out of reach: a disk that fails, or damage. Others pass when the
// user does as they say.
bool IsUnreadable(const absl::Status& status);

// The ways back from such a store. Files of before are never deleted.
class Recovery {
 public:
  virtual ~Recovery() = default;

  // When the last good copy was written; nullopt: there is none.
  virtual std::optional<absl::Time> CopyTime() const = 0;

  // Puts a store in the place of the one that cannot be read, at one instant: a
  // new one with this in it, or the last good copy. On error everything is as
  // before, or the next start finishes it. NOT_FOUND: there is no copy.
  virtual absl::StatusOr<std::unique_ptr<Store>> FromDelta(
      const Delta& delta) = 0;
  virtual absl::StatusOr<std::unique_ptr<Store>> FromCopy() = 0;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_STORE_H_
