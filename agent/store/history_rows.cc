#include "agent/store/history_rows.h"

#include <initializer_list>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/store/checksum.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

constexpr char kColumns[] =
    "generation, etag, at_us, origin, summary, boot_id, removed, parts_total";
constexpr int kWidth = 8;
constexpr std::uint64_t kNewest = std::numeric_limits<std::int64_t>::max();
// Old ones are forgotten so many at a time.
constexpr std::size_t kTrimStep = 64;

std::int64_t Signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// The ids of rules that go, eight bytes each, the most significant first.
std::string PackIds(const std::vector<policy::RuleId>& ids) {
  std::string bytes;
  for (const policy::RuleId id : ids) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes.push_back(
          static_cast<char>(static_cast<std::uint8_t>(id >> shift)));
    }
  }
  return bytes;
}

std::vector<policy::RuleId> UnpackIds(std::string_view bytes) {
  std::vector<policy::RuleId> ids(bytes.size() / sizeof(policy::RuleId));
  for (std::size_t i = 0; i < ids.size() * sizeof(policy::RuleId); ++i) {
    policy::RuleId& id = ids[i / sizeof(policy::RuleId)];
    id = id << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return ids;
}

// A row is a statement's parameters, or what its checksum is over.
template <typename Row>
Row& PutEntry(const UndoableEntry& entry, const std::string& removed,
              std::int64_t parts_total, Row& row) {
  return row.Integer(Signed(entry.entry.generation))
      .Text(entry.entry.etag)
      .Integer(absl::ToUnixMicros(entry.entry.time))
      .Text(entry.entry.origin)
      .Text(entry.entry.summary)
      .Text(entry.boot_id)
      .Blob(removed)
      .Integer(parts_total);
}

}  // namespace

absl::StatusOr<HistoryRows> HistoryRows::Prepare(SqliteDatabase& database) {
  const std::string read =
      absl::StrCat("SELECT ", kColumns, ", checksum = fw_checksum(", kColumns,
                   ") FROM history");
  HistoryRows rows;
  rows.file_ = database.file();
  FW_ASSIGN_OR_RETURN(rows.undo_, UndoRows::Prepare(database, "history"));
  const std::initializer_list<std::pair<SqliteStatement*, std::string>> all = {
      {&rows.insert_,
       absl::StrCat(
           "INSERT INTO history (", kColumns,
           ", checksum, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")},
      {&rows.delete_from_, "DELETE FROM history WHERE generation >= ?"},
      {&rows.delete_to_, "DELETE FROM history WHERE generation <= ?"},
      {&rows.list_, read + " WHERE generation < ? ORDER BY generation DESC "
                           "LIMIT ?"},
      {&rows.find_, read + " WHERE generation = ?"},
      {&rows.kept_,
       "SELECT generation, bytes FROM history WHERE generation > "
       "(SELECT coalesce(max(last), 0) FROM history_trimmed) "
       "ORDER BY generation"},
  };
  for (const auto& [statement, sql] : all) {
    FW_ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  FW_ASSIGN_OR_RETURN(
      rows.set_trimmed_,
      database.Prepare("INSERT OR REPLACE INTO history_trimmed VALUES (1, ?)"));
  FW_RETURN_IF_ERROR(rows.Reload());
  return rows;
}

absl::Status HistoryRows::Reload() {
  kept_bytes_.clear();
  total_bytes_ = 0;
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, kept_.Step());
    if (!found) return absl::OkStatus();
    const auto bytes = static_cast<std::uint64_t>(kept_.IntegerAt(1));
    kept_bytes_[static_cast<std::uint64_t>(kept_.IntegerAt(0))] = bytes;
    total_bytes_ += bytes;
  }
}

absl::Status HistoryRows::Write(const UndoableEntry& entry) {
  const std::uint64_t generation = entry.entry.generation;
  FW_ASSIGN_OR_RETURN(const UndoRows::Sum sum,
                      undo_.Write(generation, entry.undo));
  const std::string removed = PackIds(entry.undo.remove);
  RowChecksum checksum;
  PutEntry(entry, removed, sum.checksums, checksum);
  FW_RETURN_IF_ERROR(PutEntry(entry, removed, sum.checksums, insert_)
                         .Integer(checksum.Value())
                         .Integer(Signed(sum.bytes + removed.size()))
                         .Run());
  kept_bytes_[generation] = sum.bytes + removed.size();
  total_bytes_ += sum.bytes + removed.size();
  return absl::OkStatus();
}

absl::Status HistoryRows::ForgetFrom(std::uint64_t generation) {
  FW_RETURN_IF_ERROR(undo_.Delete(generation, kNewest));
  FW_RETURN_IF_ERROR(delete_from_.Integer(Signed(generation)).Run());
  while (!kept_bytes_.empty() && kept_bytes_.rbegin()->first >= generation) {
    total_bytes_ -= kept_bytes_.rbegin()->second;
    kept_bytes_.erase(std::prev(kept_bytes_.end()));
  }
  return absl::OkStatus();
}

absl::Status HistoryRows::Trim() {
  if (kept_bytes_.empty()) return absl::OkStatus();
  const std::uint64_t newest = kept_bytes_.rbegin()->first;
  std::uint64_t last = 0;
  const bool too_many = kept_bytes_.size() >= kUndoKept + kTrimStep;
  while (kept_bytes_.size() > 1 &&
         (total_bytes_ > kUndoBytesKept ||
          (too_many && kept_bytes_.size() > kUndoKept))) {
    last = kept_bytes_.begin()->first;
    total_bytes_ -= kept_bytes_.begin()->second;
    kept_bytes_.erase(kept_bytes_.begin());
  }
  if (last == 0) return absl::OkStatus();
  FW_RETURN_IF_ERROR(undo_.Delete(0, last));
  FW_RETURN_IF_ERROR(set_trimmed_.Integer(Signed(last)).Run());
  if (newest <= kGenerationsKept) return absl::OkStatus();
  return delete_to_.Integer(Signed(newest - kGenerationsKept)).Run();
}

absl::StatusOr<HistoryEntry> HistoryRows::ReadEntry(SqliteStatement& row) {
  HistoryEntry entry{.generation = static_cast<std::uint64_t>(row.IntegerAt(0)),
                     .etag = std::string(row.BytesAt(1)),
                     .time = absl::FromUnixMicros(row.IntegerAt(2)),
                     .origin = std::string(row.BytesAt(3)),
                     .summary = std::string(row.BytesAt(4))};
  entry.can_undo = kept_bytes_.contains(entry.generation);
  if (row.IntegerAt(kWidth) != 0) return entry;
  row.Reset();
  return DamagedError(file_,
                      absl::StrCat("generation ", entry.generation,
                                   " in the history is not as it was written"));
}

absl::StatusOr<std::vector<HistoryEntry>> HistoryRows::List(
    std::uint64_t before, std::size_t limit) {
  std::vector<HistoryEntry> entries;
  list_.Integer(Signed(before)).Integer(Signed(limit));
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, list_.Step());
    if (!found) return entries;
    FW_ASSIGN_OR_RETURN(HistoryEntry entry, ReadEntry(list_));
    entries.push_back(std::move(entry));
  }
}

absl::StatusOr<UndoableEntry> HistoryRows::Read(std::uint64_t generation) {
  FW_ASSIGN_OR_RETURN(const bool found,
                      find_.Integer(Signed(generation)).Step());
  if (!found || !kept_bytes_.contains(generation)) {
    find_.Reset();
    return absl::NotFoundError(absl::StrCat("what leads back from generation ",
                                            generation, " is not kept"));
  }
  UndoableEntry entry;
  FW_ASSIGN_OR_RETURN(entry.entry, ReadEntry(find_));
  entry.boot_id = std::string(find_.BytesAt(5));
  entry.undo.remove = UnpackIds(find_.BytesAt(6));
  const std::int64_t parts_total = find_.IntegerAt(7);
  find_.Reset();
  FW_RETURN_IF_ERROR(undo_.Read(generation, parts_total, entry.undo));
  return entry;
}

}  // namespace fwagent::store
