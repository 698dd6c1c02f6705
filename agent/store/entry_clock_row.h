// The row of the clock by which the ends of sets' entries are kept.
#ifndef FWAGENT_AGENT_STORE_ENTRY_CLOCK_ROW_H_
#define FWAGENT_AGENT_STORE_ENTRY_CLOCK_ROW_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/store/entry_clock.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_statement.h"

namespace fwagent::store {

// To be used inside transactions.
class EntryClockRow {
 public:
  static absl::StatusOr<EntryClockRow> Prepare(SqliteDatabase& database);

  // nullopt before the first commit. DATA_LOSS: it is not as it was written.
  absl::StatusOr<std::optional<EntryClock>> Read();
  absl::Status Write(const EntryClock& clock);

 private:
  EntryClockRow() = default;

  std::string file_;  // for messages
  SqliteStatement read_;
  SqliteStatement write_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_ENTRY_CLOCK_ROW_H_
