#include "agent/store/answered_sets.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/store/checksum.h"
#include "agent/store/set_row.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// A row is a statement's parameters, or what its checksum is over.
template <typename Row>
Row& PutOutcome(std::int64_t seq, std::int64_t position,
                const policy::SetOutcome& outcome, Row& row) {
  return PutSetInfo(outcome.info, row.Integer(seq).Integer(position))
      .Integer(static_cast<std::int64_t>(outcome.size))
      .Integer(static_cast<std::int64_t>(outcome.added))
      .Integer(static_cast<std::int64_t>(outcome.removed))
      .Integer(static_cast<std::int64_t>(outcome.changed));
}

}  // namespace

absl::StatusOr<AnsweredSets> AnsweredSets::Prepare(SqliteDatabase& database) {
  AnsweredSets sets;
  sets.file_ = database.file();
  const std::string columns = absl::StrCat("seq, position, ", kSetInfoColumns,
                                           ", size, added, removed, changed");
  FW_ASSIGN_OR_RETURN(
      sets.insert_,
      database.Prepare(absl::StrCat(
          "INSERT INTO request_set (", columns,
          ", checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")));
  FW_ASSIGN_OR_RETURN(
      sets.read_,
      database.Prepare(absl::StrCat(
          "SELECT ", kSetInfoColumns,
          ", size, added, removed, changed, checksum, checksum = fw_checksum(",
          columns, ") FROM request_set WHERE seq = ? ORDER BY position")));
  FW_ASSIGN_OR_RETURN(
      sets.delete_,
      database.Prepare("DELETE FROM request_set WHERE seq = "
                       "(SELECT seq FROM request WHERE request_id = ?)"));
  FW_ASSIGN_OR_RETURN(sets.trim_,
                      database.Prepare("DELETE FROM request_set WHERE seq <= "
                                       "(SELECT max(seq) FROM request) - ?"));
  return sets;
}

absl::StatusOr<std::int64_t> AnsweredSets::Write(
    std::int64_t seq, const std::vector<policy::SetOutcome>& sets) {
  std::int64_t total = 0;
  std::int64_t position = 0;
  for (const policy::SetOutcome& outcome : sets) {
    RowChecksum checksum;
    PutOutcome(seq, position, outcome, checksum);
    FW_RETURN_IF_ERROR(PutOutcome(seq, position, outcome, insert_)
                           .Integer(checksum.Value())
                           .Run());
    total += checksum.Value();
    ++position;
  }
  return total;
}

absl::StatusOr<std::vector<policy::SetOutcome>> AnsweredSets::Read(
    std::int64_t seq, std::int64_t& total) {
  std::vector<policy::SetOutcome> sets;
  read_.Integer(seq);
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, read_.Step());
    if (!found) return sets;
    auto info = ReadSetInfo(read_, 0);
    const int next = kSetInfoWidth;
    if (!info.ok() || read_.IntegerAt(next + 5) == 0) {
      read_.Reset();
      return DamagedError(file_, absl::StrCat("request ", seq,
                                              ": a set is not as it was "
                                              "written"));
    }
    sets.push_back(
        {.info = *std::move(info),
         .size = static_cast<std::uint64_t>(read_.IntegerAt(next)),
         .added = static_cast<std::uint64_t>(read_.IntegerAt(next + 1)),
         .removed = static_cast<std::uint64_t>(read_.IntegerAt(next + 2)),
         .changed = static_cast<std::uint64_t>(read_.IntegerAt(next + 3))});
    total -= read_.IntegerAt(next + 4);
  }
}

absl::Status AnsweredSets::Delete(std::string_view request_id) {
  return delete_.Text(request_id).Run();
}

absl::Status AnsweredSets::Trim(std::int64_t kept) {
  return trim_.Integer(kept).Run();
}

}  // namespace fwagent::store
