// The rows of the change that waits for a confirmation.
#ifndef FWAGENT_AGENT_STORE_UNCONFIRMED_ROWS_H_
#define FWAGENT_AGENT_STORE_UNCONFIRMED_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_statement.h"
#include "agent/store/unconfirmed.h"
#include "agent/store/undo_rows.h"

namespace fwagent::store {

// One row at most, and those of its way back, which the limits of the history
// do not touch. The row's checksum is part of meta.rules_total, so that it
// cannot go missing. To be used inside transactions.
class UnconfirmedRows {
 public:
  static absl::StatusOr<UnconfirmedRows> Prepare(SqliteDatabase& database);

  // As UndoRows::UseClock.
  void UseClock(const EntryClock& clock) { parts_.UseClock(clock); }

  // Each returns by how much the total grows. In the place of what is there.
  absl::StatusOr<std::int64_t> Write(const PendingChange& change);
  absl::StatusOr<std::int64_t> Delete();

  // nullopt: there is none. Adds to the total. DATA_LOSS.
  absl::StatusOr<std::optional<Unconfirmed>> Load(std::int64_t& total);
  // NOT_FOUND: there is none; DATA_LOSS.
  absl::StatusOr<TakeBack> ReadTakeBack();

 private:
  // The row, and the totals of its two parts.
  struct Row {
    Unconfirmed what;
    std::int64_t before_total = 0;
    std::int64_t after_total = 0;
    std::int64_t checksum = 0;
  };

  UnconfirmedRows() = default;

  absl::StatusOr<std::optional<Row>> ReadRow();

  std::string file_;  // for messages
  UndoRows parts_;
  SqliteStatement insert_;
  SqliteStatement delete_;
  SqliteStatement read_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_UNCONFIRMED_ROWS_H_
