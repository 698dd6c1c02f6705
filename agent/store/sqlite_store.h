// Durable state in one SQLite file.
#ifndef FWAGENT_AGENT_STORE_SQLITE_STORE_H_
#define FWAGENT_AGENT_STORE_SQLITE_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/store/answered_sets.h"
#include "agent/store/copy_keeper.h"
#include "agent/store/entry_clock.h"
#include "agent/store/entry_clock_row.h"
#include "agent/store/history_rows.h"
#include "agent/store/set_rows.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_statement.h"
#include "agent/store/state_directory.h"
#include "agent/store/store.h"
#include "agent/store/unconfirmed_rows.h"
#include "agent/util/mutex.h"

namespace fwagent::store {

// The store of a running agent. Commits survive a power cut as soon as they
// return; a commit that failed leaves the store as it was, and usable.
// Thread-safe.
class SqliteStore : public Store {
 public:
  // Takes the state directory for itself and opens <directory>/fwagent.db in
  // it, both made where missing. A file of an older agent is kept (see
  // schema_copy.h) and brought up to date. FAILED_PRECONDITION: in use by
  // another agent, or the file is not ours or newer than we are; DATA_LOSS:
  // damaged. In both cases the file is left as it was.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(
      const std::string& directory);
  // The same in a directory that is taken already.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(
      std::shared_ptr<const StateDirectory> directory);
  // Any other file, which is made where it is missing; calls on it fail with
  // CANCELLED once `stop` says so, if it is given. One of an older agent is
  // brought up to date, after it was copied into `keep_in` if that is given.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> OpenFile(
      const std::string& file, const std::atomic<bool>* stop = nullptr,
      const StateDirectory* keep_in = nullptr);

  // DATA_LOSS names the row that cannot be read, or is not as it was written.
  absl::StatusOr<State> Load() override;
  absl::Status CommitAll(absl::Span<const Delta> deltas) override;
  absl::StatusOr<std::optional<AnsweredRequest>> FindRequest(
      std::string_view request_id) override;
  absl::StatusOr<std::vector<HistoryEntry>> ListHistory(
      std::uint64_t before, std::size_t limit) override;
  absl::StatusOr<UndoableEntry> ReadUndo(std::uint64_t generation) override;
  void UseEntryClock(const EntryClock& clock) override;
  absl::StatusOr<TakeBack> ReadTakeBack() override;
  // Of a store that was opened by its directory.
  void KeepCopy() override;

  // Moves everything into the file itself, so that it can be renamed.
  absl::Status EmptyLog();

 private:
  struct Statements {
    SqliteStatement read_meta;
    SqliteStatement read_rules;
    SqliteStatement write_meta;
    SqliteStatement insert_rule;
    SqliteStatement delete_rule;
    SqliteStatement find_request;
    SqliteStatement find_request_rules;
    SqliteStatement next_request;
    SqliteStatement insert_request;
    SqliteStatement insert_request_rule;
    SqliteStatement delete_request;
    SqliteStatement delete_request_rules;
    SqliteStatement trim_requests;
    SqliteStatement trim_request_rules;
  };

  SqliteStore(SqliteDatabase database, Statements statements, SetRows set_rows,
              AnsweredSets answered_sets, HistoryRows history,
              UnconfirmedRows unconfirmed, EntryClockRow entry_clock_row);

  static absl::StatusOr<std::unique_ptr<SqliteStore>> PrepareStore(
      SqliteDatabase database);
  static absl::StatusOr<Statements> PrepareAll(SqliteDatabase& database);

  // The parts of Load and Commit.
  void SetEntryClock(const EntryClock& clock)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadSets(State& state, std::int64_t& total)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the total of the rules' checksums.
  absl::StatusOr<std::int64_t> LoadMeta(State& state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns by how much the total of the rules' checksums grows.
  absl::StatusOr<std::int64_t> WriteRules(const Delta& delta)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `growth` is that of all of them.
  absl::Status WriteMeta(absl::Span<const Delta> deltas, std::int64_t growth)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns by how much the total grows.
  absl::StatusOr<std::int64_t> WriteUnconfirmed(const Delta& delta)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteHistory(const Delta& delta)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteRequests(const Delta& delta)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static absl::Status WithRemedy(const absl::Status& status);
  absl::StatusOr<std::optional<AnsweredRequest>> ReadRequest(
      std::string_view request_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteAnswer(const AnsweredRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ReadRules(SqliteStatement& row, std::string_view of,
                         std::int64_t total, std::vector<policy::Rule>& rules)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Locked for as long as we live; null: only the file was opened.
  std::shared_ptr<const StateDirectory> directory_;
  util::Mutex mutex_;
  SqliteDatabase database_ ABSL_GUARDED_BY(mutex_);
  // These go before the database.
  Statements statements_ ABSL_GUARDED_BY(mutex_);
  SetRows set_rows_ ABSL_GUARDED_BY(mutex_);
  AnsweredSets answered_sets_ ABSL_GUARDED_BY(mutex_);
  HistoryRows history_ ABSL_GUARDED_BY(mutex_);
  UnconfirmedRows unconfirmed_ ABSL_GUARDED_BY(mutex_);
  EntryClockRow entry_clock_row_ ABSL_GUARDED_BY(mutex_);
  EntryClock entry_clock_ ABSL_GUARDED_BY(mutex_);
  // Last: stops first. Set once, by KeepCopy, before the first commit.
  std::unique_ptr<CopyKeeper> copy_keeper_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SQLITE_STORE_H_
