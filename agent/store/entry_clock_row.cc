#include "agent/store/entry_clock_row.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/store/checksum.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

constexpr char kColumns[] = "boot_id, shift, wall_us, tick";

// A row is a statement's parameters, or what its checksum is over.
template <typename Row>
Row& PutClock(const EntryClock& clock, Row& row) {
  return row.Text(clock.boot_id)
      .Integer(clock.shift)
      .Integer(absl::ToUnixMicros(clock.wall))
      .Integer(clock.tick);
}

}  // namespace

absl::StatusOr<EntryClockRow> EntryClockRow::Prepare(SqliteDatabase& database) {
  EntryClockRow row;
  row.file_ = database.file();
  FW_ASSIGN_OR_RETURN(
      row.read_, database.Prepare(absl::StrCat(
                     "SELECT ", kColumns, ", checksum = fw_checksum(", kColumns,
                     ") FROM entry_clock")));
  FW_ASSIGN_OR_RETURN(
      row.write_, database.Prepare(absl::StrCat(
                      "INSERT OR REPLACE INTO entry_clock (only, ", kColumns,
                      ", checksum) VALUES (1, ?, ?, ?, ?, ?)")));
  return row;
}

absl::StatusOr<std::optional<EntryClock>> EntryClockRow::Read() {
  FW_ASSIGN_OR_RETURN(const bool found, read_.Step());
  if (!found) return std::nullopt;
  EntryClock clock{.boot_id = std::string(read_.BytesAt(0)),
                   .shift = read_.IntegerAt(1),
                   .wall = absl::FromUnixMicros(read_.IntegerAt(2)),
                   .tick = read_.IntegerAt(3)};
  const bool is_as_written = read_.IntegerAt(4) != 0;
  read_.Reset();
  if (is_as_written) return clock;
  return DamagedError(file_,
                      "the clock of sets' entries is not as it was written");
}

absl::Status EntryClockRow::Write(const EntryClock& clock) {
  RowChecksum checksum;
  PutClock(clock, checksum);
  return PutClock(clock, write_).Integer(checksum.Value()).Run();
}

}  // namespace fwagent::store
