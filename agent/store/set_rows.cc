#include "agent/store/set_rows.h"

#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/store/checksum.h"
#include "agent/store/chunk_editor.h"
#include "agent/store/set_chunk.h"
#include "agent/store/set_row.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

using policy::SetEntries;
using policy::SetEntry;

std::int64_t ChunkChecksum(policy::RuleId id, std::string_view key,
                           std::string_view bytes) {
  return RowChecksum()
      .Integer(static_cast<std::int64_t>(id))
      .Blob(key)
      .Blob(bytes)
      .Value();
}

}  // namespace

absl::StatusOr<SetRows> SetRows::Prepare(SqliteDatabase& database) {
  const std::string set_columns =
      absl::StrCat(kSetInfoColumns, ", chunks_total");
  const std::string read_set = absl::StrCat(
      "SELECT ", set_columns, ", checksum, checksum = fw_checksum(",
      set_columns, ") FROM named_set");
  SetRows rows;
  rows.file_ = database.file();
  const std::initializer_list<std::pair<SqliteStatement*, std::string>> all = {
      {&rows.read_sets_, read_set + " ORDER BY id"},
      {&rows.find_set_, read_set + " WHERE id = ?"},
      {&rows.write_set_,
       absl::StrCat("INSERT OR REPLACE INTO named_set (", set_columns,
                    ", checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")},
      {&rows.delete_set_, "DELETE FROM named_set WHERE id = ?"},
      {&rows.read_chunks_,
       "SELECT first, entries, checksum FROM set_chunk WHERE set_id = ? "
       "ORDER BY first"},
      {&rows.find_chunk_,
       "SELECT first, entries FROM set_chunk WHERE set_id = ? AND "
       "first BETWEEN ? AND ? ORDER BY first DESC LIMIT 1"},
      {&rows.next_chunk_,
       "SELECT first, entries FROM set_chunk WHERE set_id = ? AND first > ? "
       "ORDER BY first LIMIT 1"},
      {&rows.insert_chunk_,
       "INSERT INTO set_chunk (set_id, first, entries, checksum) "
       "VALUES (?, ?, ?, ?)"},
      {&rows.delete_chunk_,
       "DELETE FROM set_chunk WHERE set_id = ? AND first = ? "
       "RETURNING checksum"},
      {&rows.delete_chunks_, "DELETE FROM set_chunk WHERE set_id = ?"},
  };
  for (const auto& [statement, sql] : all) {
    FW_ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  return rows;
}

absl::StatusOr<SetRows::SetRow> SetRows::ReadSet(SqliteStatement& row) {
  auto info = ReadSetInfo(row, 0);
  const int next = kSetInfoWidth;
  if (!info.ok() || row.IntegerAt(next + 2) == 0) {
    const std::int64_t id = row.IntegerAt(0);
    row.Reset();
    return DamagedError(file_,
                        absl::StrCat("set ", id, " is not as it was written"));
  }
  return SetRow{.info = *std::move(info),
                .chunks_total = row.IntegerAt(next),
                .checksum = row.IntegerAt(next + 1)};
}

absl::StatusOr<policy::SetTable> SetRows::Load(std::int64_t& total) {
  std::vector<SetRow> rows;
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, read_sets_.Step());
    if (!found) break;
    FW_ASSIGN_OR_RETURN(SetRow row, ReadSet(read_sets_));
    rows.push_back(std::move(row));
  }
  policy::SetTable sets;
  for (SetRow& row : rows) {
    auto set = std::make_shared<policy::NamedSet>();
    FW_RETURN_IF_ERROR(
        LoadEntries(row.info.id, row.chunks_total, set->entries));
    total += row.checksum;
    set->info = std::move(row.info);
    sets.emplace(set->info.name, std::move(set));
  }
  return sets;
}

absl::Status SetRows::LoadEntries(policy::RuleId id, std::int64_t chunks_total,
                                  SetEntries& entries) {
  const auto damaged = [&](std::string_view what) {
    read_chunks_.Reset();
    return DamagedError(file_,
                        absl::StrCat("set ", id, ": ", std::string(what)));
  };
  SetEntries::Builder builder;
  read_chunks_.Integer(static_cast<std::int64_t>(id));
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, read_chunks_.Step());
    if (!found) break;
    const std::string_view key = read_chunks_.BytesAt(0);
    const std::string_view bytes = read_chunks_.BytesAt(1);
    const std::int64_t checksum = read_chunks_.IntegerAt(2);
    if (checksum != ChunkChecksum(id, key, bytes)) {
      return damaged("entries are not as they were written");
    }
    const auto chunk = UnpackChunk(bytes, clock_);
    if (!chunk.ok()) return damaged(std::string(chunk.status().message()));
    for (const SetEntry& entry : *chunk) builder.Add(entry);
    chunks_total -= checksum;
  }
  if (chunks_total != 0) return damaged("entries are missing, or too many");
  entries = std::move(builder).Build();
  return absl::OkStatus();
}

absl::StatusOr<SetRows::SetRow> SetRows::FindSet(policy::RuleId id) {
  FW_ASSIGN_OR_RETURN(const bool found,
                      find_set_.Integer(static_cast<std::int64_t>(id)).Step());
  if (!found) {
    return absl::InternalError(absl::StrCat(file_, ": there is no set ", id,
                                            " to change; nothing was changed"));
  }
  FW_ASSIGN_OR_RETURN(SetRow set, ReadSet(find_set_));
  find_set_.Reset();
  return set;
}

absl::StatusOr<std::int64_t> SetRows::Apply(const SetDelta& delta) {
  SetRow set;
  if (delta.create.has_value()) {
    set.info = *delta.create;
  } else {
    FW_ASSIGN_OR_RETURN(set, FindSet(delta.id));
  }
  const std::int64_t before = set.checksum;
  if (delta.drop || delta.content != nullptr) {
    FW_RETURN_IF_ERROR(DropChunks(set));
  }
  if (delta.drop) {
    FW_RETURN_IF_ERROR(
        delete_set_.Integer(static_cast<std::int64_t>(delta.id)).Run());
    return -before;
  }
  if (delta.content != nullptr) {
    FW_RETURN_IF_ERROR(WriteContent(*delta.content, set));
  }
  FW_RETURN_IF_ERROR(ChunkEditor(this, &set).Apply(delta.difference));
  FW_RETURN_IF_ERROR(WriteSet(set));
  return set.checksum - before;
}

absl::Status SetRows::DropChunks(SetRow& set) {
  set.chunks_total = 0;
  return delete_chunks_.Integer(static_cast<std::int64_t>(set.info.id)).Run();
}

absl::Status SetRows::WriteContent(const SetEntries& entries, SetRow& set) {
  std::vector<SetEntry> chunk;
  absl::Status status;
  const auto flush = [&] {
    if (!chunk.empty() && status.ok()) status = WriteChunk(chunk, set);
    chunk.clear();
  };
  entries.ForEach([&](const SetEntry& entry) {
    const bool full = chunk.size() == kChunkEntries;
    if (full || (!chunk.empty() &&
                 chunk.back().prefix.family() != entry.prefix.family())) {
      flush();
    }
    chunk.push_back(entry);
  });
  flush();
  return status;
}

absl::Status SetRows::WriteChunk(const std::vector<SetEntry>& entries,
                                 SetRow& set) {
  if (entries.empty()) return absl::OkStatus();
  const std::string key = ChunkKey(entries.front().prefix);
  const std::string bytes = PackChunk(entries, clock_);
  const std::int64_t checksum = ChunkChecksum(set.info.id, key, bytes);
  set.chunks_total += checksum;
  return insert_chunk_.Integer(static_cast<std::int64_t>(set.info.id))
      .Blob(key)
      .Blob(bytes)
      .Integer(checksum)
      .Run();
}

absl::Status SetRows::DeleteChunk(const std::string& key, SetRow& set) {
  delete_chunk_.Integer(static_cast<std::int64_t>(set.info.id)).Blob(key);
  FW_ASSIGN_OR_RETURN(const bool found, delete_chunk_.Step());
  if (!found) {
    return absl::InternalError(
        absl::StrCat(file_, ": a chunk of set ", set.info.id, " is gone"));
  }
  set.chunks_total -= delete_chunk_.IntegerAt(0);
  delete_chunk_.Reset();
  return absl::OkStatus();
}

absl::Status SetRows::WriteSet(SetRow& set) {
  RowChecksum checksum;
  PutSetInfo(set.info, checksum).Integer(set.chunks_total);
  set.checksum = checksum.Value();
  return PutSetInfo(set.info, write_set_)
      .Integer(set.chunks_total)
      .Integer(set.checksum)
      .Run();
}

}  // namespace fwagent::store
