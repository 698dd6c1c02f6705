// The rows of the history.
#ifndef FWAGENT_AGENT_STORE_HISTORY_ROWS_H_
#define FWAGENT_AGENT_STORE_HISTORY_ROWS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/store/history.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_statement.h"
#include "agent/store/undo_rows.h"

namespace fwagent::store {

// A row for each generation; the way back from it in parts, which are there for
// the newest generations only. To be used inside transactions.
class HistoryRows {
 public:
  // The ways back that are kept: as many, and so many bytes of entries of sets
  // or rules; at least that of the newest generation.
  static constexpr std::size_t kUndoKept = 1'000;
  static constexpr std::uint64_t kUndoBytesKept = 64 << 20;
  // Generations that are kept.
  static constexpr std::uint64_t kGenerationsKept = 100'000;

  static absl::StatusOr<HistoryRows> Prepare(SqliteDatabase& database);

  // As UndoRows::UseClock.
  void UseClock(const EntryClock& clock) { undo_.UseClock(clock); }

  absl::Status Write(const UndoableEntry& entry);
  // Takes this generation and all behind it out.
  absl::Status ForgetFrom(std::uint64_t generation);
  // Forgets what is too old or too much. Once after each commit is enough.
  absl::Status Trim();
  // After a transaction that was taken back.
  absl::Status Reload();

  // Newest first: at most `limit` with generations below `before`. DATA_LOSS.
  absl::StatusOr<std::vector<HistoryEntry>> List(std::uint64_t before,
                                                 std::size_t limit);
  // What leads back from this generation. NOT_FOUND: it is not kept (any more);
  // DATA_LOSS.
  absl::StatusOr<UndoableEntry> Read(std::uint64_t generation);

 private:
  HistoryRows() = default;

  absl::StatusOr<HistoryEntry> ReadEntry(SqliteStatement& row);

  std::string file_;  // for messages
  UndoRows undo_;
  SqliteStatement insert_;
  SqliteStatement delete_from_;
  SqliteStatement delete_to_;
  SqliteStatement list_;
  SqliteStatement find_;
  SqliteStatement kept_;
  SqliteStatement set_trimmed_;
  // Generations whose way back is kept, with its bytes.
  std::map<std::uint64_t, std::uint64_t> kept_bytes_;
  std::uint64_t total_bytes_ = 0;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_HISTORY_ROWS_H_
