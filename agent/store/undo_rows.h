// The rows of what leads back from a generation, or from a change.
#ifndef FWAGENT_AGENT_STORE_UNDO_ROWS_H_
#define FWAGENT_AGENT_STORE_UNDO_ROWS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/store/entry_clock.h"
#include "agent/store/history.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_statement.h"

namespace fwagent::store {

// Everything but the ids of rules that go, which are in the row of whoever has
// them. In tables of their own for each use of them, with the same columns.
// To be used inside transactions.
class UndoRows {
 public:
  // What the rows of one generation come to.
  struct Sum {
    std::int64_t checksums = 0;
    std::uint64_t bytes = 0;  // about as many as they take
  };

  // The tables are <prefix>_rule, <prefix>_set and <prefix>_entries.
  static absl::StatusOr<UndoRows> Prepare(SqliteDatabase& database,
                                          const std::string& prefix);

  // By which ends of sets' entries are written and read from now on.
  void UseClock(const EntryClock& clock) { clock_ = clock; }

  absl::StatusOr<Sum> Write(std::uint64_t generation, const PolicyDelta& undo);
  // Fills in `undo`. DATA_LOSS when the checksums are not right.
  absl::Status Read(std::uint64_t generation, std::int64_t checksums,
                    PolicyDelta& undo);
  // Of these generations, both included.
  absl::Status Delete(std::uint64_t first, std::uint64_t last);

 private:
  friend class HistoryRows;
  friend class UnconfirmedRows;

  UndoRows() = default;

  absl::Status WriteSet(std::uint64_t generation, std::int64_t position,
                        const SetDelta& delta, Sum& sum);
  absl::Status WriteEntries(std::uint64_t generation, std::int64_t position,
                            std::string_view list,
                            const std::vector<policy::SetEntry>& entries,
                            Sum& sum);
  absl::Status ReadRules(std::uint64_t generation, std::int64_t& checksums,
                         PolicyDelta& undo);
  absl::Status ReadSets(std::uint64_t generation, std::int64_t& checksums,
                        PolicyDelta& undo);
  absl::Status ReadEntries(std::uint64_t generation, std::int64_t& checksums,
                           PolicyDelta& undo);
  absl::Status Damaged(std::uint64_t generation) const;

  // For messages.
  std::string file_;
  std::string prefix_;
  EntryClock clock_;
  SqliteStatement insert_rule_;
  SqliteStatement insert_set_;
  SqliteStatement insert_entries_;
  SqliteStatement read_rules_;
  SqliteStatement read_sets_;
  SqliteStatement read_entries_;
  SqliteStatement delete_rules_;
  SqliteStatement delete_sets_;
  SqliteStatement delete_entries_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_UNDO_ROWS_H_
