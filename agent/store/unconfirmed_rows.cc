#include "agent/store/unconfirmed_rows.h"

#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/store/checksum.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

constexpr char kColumns[] =
    "generation, at_us, origin, until_tick, confirm_by_us, boot_id, "
    "before_total, after_total";
constexpr int kWidth = 8;
// In the place of a generation in the rows of the parts.
constexpr std::uint64_t kBefore = 0;  // rules as they were, and the sets
constexpr std::uint64_t kAfter = 1;   // rules as the change left them

// A row is a statement's parameters, or what its checksum is over.
template <typename Row>
Row& PutRow(const Unconfirmed& what, std::int64_t before_total,
            std::int64_t after_total, Row& row) {
  return row.Integer(static_cast<std::int64_t>(what.generation))
      .Integer(absl::ToUnixMicros(what.time))
      .Text(what.origin)
      .Integer(what.until)
      .Integer(absl::ToUnixMicros(what.confirm_by))
      .Text(what.boot_id)
      .Integer(before_total)
      .Integer(after_total);
}

}  // namespace

absl::StatusOr<UnconfirmedRows> UnconfirmedRows::Prepare(
    SqliteDatabase& database) {
  UnconfirmedRows rows;
  rows.file_ = database.file();
  FW_ASSIGN_OR_RETURN(rows.parts_, UndoRows::Prepare(database, "unconfirmed"));
  const std::initializer_list<std::pair<SqliteStatement*, std::string>> all = {
      {&rows.insert_,
       absl::StrCat("INSERT INTO unconfirmed (only, ", kColumns,
                    ", checksum) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)")},
      {&rows.delete_, "DELETE FROM unconfirmed RETURNING checksum"},
      {&rows.read_,
       absl::StrCat("SELECT ", kColumns, ", checksum, checksum = fw_checksum(",
                    kColumns, ") FROM unconfirmed")},
  };
  for (const auto& [statement, sql] : all) {
    FW_ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  return rows;
}

absl::StatusOr<std::int64_t> UnconfirmedRows::Write(
    const PendingChange& change) {
  FW_ASSIGN_OR_RETURN(const std::int64_t growth, Delete());
  FW_ASSIGN_OR_RETURN(const UndoRows::Sum before,
                      parts_.Write(kBefore, {.add = change.back.before,
                                             .remove = {},
                                             .sets = change.back.sets}));
  FW_ASSIGN_OR_RETURN(
      const UndoRows::Sum after,
      parts_.Write(kAfter,
                   {.add = change.back.after, .remove = {}, .sets = {}}));
  RowChecksum checksum;
  PutRow(change.what, before.checksums, after.checksums, checksum);
  FW_RETURN_IF_ERROR(
      PutRow(change.what, before.checksums, after.checksums, insert_)
          .Integer(checksum.Value())
          .Run());
  return growth + checksum.Value();
}

absl::StatusOr<std::int64_t> UnconfirmedRows::Delete() {
  FW_ASSIGN_OR_RETURN(const bool found, delete_.Step());
  if (!found) return 0;
  const std::int64_t growth = -delete_.IntegerAt(0);
  delete_.Reset();
  FW_RETURN_IF_ERROR(parts_.Delete(kBefore, kAfter));
  return growth;
}

absl::StatusOr<std::optional<UnconfirmedRows::Row>> UnconfirmedRows::ReadRow() {
  FW_ASSIGN_OR_RETURN(const bool found, read_.Step());
  if (!found) return std::nullopt;
  Row row{.what = {.generation = static_cast<std::uint64_t>(read_.IntegerAt(0)),
                   .time = absl::FromUnixMicros(read_.IntegerAt(1)),
                   .origin = std::string(read_.BytesAt(2)),
                   .until = static_cast<policy::Deadline>(read_.IntegerAt(3)),
                   .confirm_by = absl::FromUnixMicros(read_.IntegerAt(4)),
                   .boot_id = std::string(read_.BytesAt(5))},
          .before_total = read_.IntegerAt(6),
          .after_total = read_.IntegerAt(7),
          .checksum = read_.IntegerAt(kWidth)};
  const bool is_as_written = read_.IntegerAt(kWidth + 1) != 0;
  read_.Reset();
  if (is_as_written) return row;
  return DamagedError(file_,
                      "what waits for a confirmation is not as it was written");
}

absl::StatusOr<std::optional<Unconfirmed>> UnconfirmedRows::Load(
    std::int64_t& total) {
  FW_ASSIGN_OR_RETURN(const auto row, ReadRow());
  if (!row.has_value()) return std::nullopt;
  total += row->checksum;
  // Damage is to be found now, not when the way back is needed.
  FW_RETURN_IF_ERROR(ReadTakeBack().status());
  return row->what;
}

absl::StatusOr<TakeBack> UnconfirmedRows::ReadTakeBack() {
  FW_ASSIGN_OR_RETURN(const auto row, ReadRow());
  if (!row.has_value()) {
    return absl::NotFoundError("nothing waits for a confirmation");
  }
  PolicyDelta before;
  PolicyDelta after;
  FW_RETURN_IF_ERROR(parts_.Read(kBefore, row->before_total, before));
  FW_RETURN_IF_ERROR(parts_.Read(kAfter, row->after_total, after));
  return TakeBack{.before = std::move(before.add),
                  .after = std::move(after.add),
                  .sets = std::move(before.sets)};
}

}  // namespace fwagent::store
