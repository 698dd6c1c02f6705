#include "agent/store/undo_rows.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/store/checksum.h"
#include "agent/store/rule_row.h"
#include "agent/store/set_chunk.h"
#include "agent/store/set_row.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

using policy::SetEntry;

constexpr std::uint64_t kRuleBytes = 200;  // about as many
constexpr std::string_view kBefore = "before";
constexpr std::string_view kAfter = "after";
constexpr std::string_view kContent = "content";

std::int64_t Signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// A row is a statement's parameters, or what its checksum is over.
template <typename Row>
Row& PutSetDelta(std::uint64_t generation, std::int64_t position,
                 const SetDelta& delta, Row& row) {
  row.Integer(Signed(generation))
      .Integer(position)
      .Integer(Signed(delta.id))
      .Integer(delta.drop ? 1 : 0)
      .Integer(delta.content != nullptr ? 1 : 0);
  if (delta.create.has_value()) return PutSetInfo(*delta.create, row);
  for (int i = 0; i < kSetInfoWidth; ++i) row.Null();
  return row;
}

template <typename Row>
Row& PutEntries(std::uint64_t generation, std::int64_t position,
                std::string_view list, std::string_view key,
                std::string_view bytes, Row& row) {
  return row.Integer(Signed(generation))
      .Integer(position)
      .Text(list)
      .Blob(key)
      .Blob(bytes);
}

std::string Values(int count) {
  std::string values = "?";
  for (int i = 1; i < count; ++i) absl::StrAppend(&values, ", ?");
  return values;
}

}  // namespace

absl::StatusOr<UndoRows> UndoRows::Prepare(SqliteDatabase& database,
                                           const std::string& prefix) {
  const std::string rule =
      absl::StrCat("generation, position, rule_id, ", kRuleColumns);
  const std::string set = absl::StrCat(
      "generation, position, set_id, drops, replaces, ", kSetInfoColumns);
  const std::string entries = "generation, position, list, first, entries";
  UndoRows rows;
  rows.file_ = database.file();
  rows.prefix_ = prefix;
  const auto insert = [&prefix](const char* table, const std::string& columns,
                                int count) {
    return absl::StrCat("INSERT INTO ", prefix, table, " (", columns,
                        ", checksum) VALUES (", Values(count + 1), ")");
  };
  const auto read = [&prefix](const char* table, const std::string& wanted,
                              const std::string& columns, const char* order) {
    return absl::StrCat(
        "SELECT ", wanted, ", checksum, checksum = fw_checksum(", columns,
        ") FROM ", prefix, table, " WHERE generation = ? ORDER BY ", order);
  };
  const auto remove = [&prefix](const char* table) {
    return absl::StrCat("DELETE FROM ", prefix, table,
                        " WHERE generation BETWEEN ? AND ?");
  };
  const std::initializer_list<std::pair<SqliteStatement*, std::string>> all = {
      {&rows.insert_rule_, insert("_rule", rule, 2 + kRuleWidth)},
      {&rows.insert_set_, insert("_set", set, 5 + kSetInfoWidth)},
      {&rows.insert_entries_, insert("_entries", entries, 5)},
      {&rows.read_rules_, read("_rule", absl::StrCat("rule_id, ", kRuleColumns),
                               rule, "position")},
      {&rows.read_sets_,
       read("_set", absl::StrCat("set_id, drops, replaces, ", kSetInfoColumns),
            set, "position")},
      {&rows.read_entries_, read("_entries", "position, list, entries", entries,
                                 "position, list, first")},
      {&rows.delete_rules_, remove("_rule")},
      {&rows.delete_sets_, remove("_set")},
      {&rows.delete_entries_, remove("_entries")},
  };
  for (const auto& [statement, sql] : all) {
    FW_ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  return rows;
}

absl::StatusOr<UndoRows::Sum> UndoRows::Write(std::uint64_t generation,
                                              const PolicyDelta& undo) {
  Sum sum;
  std::int64_t position = 0;
  for (const policy::Rule& rule : undo.add) {
    RowChecksum checksum;
    SumRule(rule, checksum.Integer(Signed(generation)).Integer(position));
    BindRule(rule, insert_rule_.Integer(Signed(generation)).Integer(position));
    FW_RETURN_IF_ERROR(insert_rule_.Integer(checksum.Value()).Run());
    sum.checksums += checksum.Value();
    sum.bytes += kRuleBytes;
    ++position;
  }
  position = 0;
  for (const SetDelta& delta : undo.sets) {
    FW_RETURN_IF_ERROR(WriteSet(generation, position++, delta, sum));
  }
  return sum;
}

absl::Status UndoRows::WriteSet(std::uint64_t generation, std::int64_t position,
                                const SetDelta& delta, Sum& sum) {
  RowChecksum checksum;
  PutSetDelta(generation, position, delta, checksum);
  FW_RETURN_IF_ERROR(PutSetDelta(generation, position, delta, insert_set_)
                         .Integer(checksum.Value())
                         .Run());
  sum.checksums += checksum.Value();
  if (delta.content != nullptr) {
    std::vector<SetEntry> entries;
    entries.reserve(delta.content->size());
    delta.content->ForEach(
        [&entries](const SetEntry& entry) { entries.push_back(entry); });
    FW_RETURN_IF_ERROR(
        WriteEntries(generation, position, kContent, entries, sum));
  }
  FW_RETURN_IF_ERROR(WriteEntries(generation, position, kBefore,
                                  delta.difference.before, sum));
  return WriteEntries(generation, position, kAfter, delta.difference.after,
                      sum);
}

absl::Status UndoRows::WriteEntries(std::uint64_t generation,
                                    std::int64_t position,
                                    std::string_view list,
                                    const std::vector<SetEntry>& entries,
                                    Sum& sum) {
  for (auto from = entries.begin(); from != entries.end();) {
    const auto family = from->prefix.family();
    const auto end = std::find_if(
        from,
        from + std::min<std::ptrdiff_t>(kChunkEntries, entries.end() - from),
        [family](const SetEntry& entry) {
          return entry.prefix.family() != family;
        });
    const std::string key = ChunkKey(from->prefix);
    const std::string bytes =
        PackChunk(std::vector<SetEntry>(from, end), clock_);
    RowChecksum checksum;
    PutEntries(generation, position, list, key, bytes, checksum);
    FW_RETURN_IF_ERROR(
        PutEntries(generation, position, list, key, bytes, insert_entries_)
            .Integer(checksum.Value())
            .Run());
    sum.checksums += checksum.Value();
    sum.bytes += bytes.size();
    from = end;
  }
  return absl::OkStatus();
}

absl::Status UndoRows::Damaged(std::uint64_t generation) const {
  const std::string what = prefix_ == "history"
                               ? absl::StrCat("generation ", generation)
                               : "an unconfirmed change";
  return DamagedError(file_, absl::StrCat("what leads back from ", what,
                                          " is not as it was written"));
}

absl::Status UndoRows::Read(std::uint64_t generation, std::int64_t checksums,
                            PolicyDelta& undo) {
  FW_RETURN_IF_ERROR(ReadRules(generation, checksums, undo));
  FW_RETURN_IF_ERROR(ReadSets(generation, checksums, undo));
  FW_RETURN_IF_ERROR(ReadEntries(generation, checksums, undo));
  return checksums == 0 ? absl::OkStatus() : Damaged(generation);
}

absl::Status UndoRows::ReadRules(std::uint64_t generation,
                                 std::int64_t& checksums, PolicyDelta& undo) {
  read_rules_.Integer(Signed(generation));
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, read_rules_.Step());
    if (!found) return absl::OkStatus();
    auto rule = ReadRule(read_rules_, 0);
    if (!rule.ok() || read_rules_.IntegerAt(kRuleWidth + 1) == 0) {
      read_rules_.Reset();
      return Damaged(generation);
    }
    checksums -= read_rules_.IntegerAt(kRuleWidth);
    undo.add.push_back(*std::move(rule));
  }
}

absl::Status UndoRows::ReadSets(std::uint64_t generation,
                                std::int64_t& checksums, PolicyDelta& undo) {
  constexpr int kInfo = 3;
  constexpr int kChecksum = kInfo + kSetInfoWidth;
  SqliteStatement& row = read_sets_.Integer(Signed(generation));
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return absl::OkStatus();
    SetDelta delta;
    delta.id = static_cast<policy::RuleId>(row.IntegerAt(0));
    delta.drop = row.IntegerAt(1) != 0;
    if (row.IntegerAt(2) != 0) {
      delta.content = std::make_shared<policy::SetEntries>();
    }
    bool good = row.IntegerAt(kChecksum + 1) != 0;
    if (!row.IsNull(kInfo)) {
      auto info = ReadSetInfo(row, kInfo);
      good = good && info.ok();
      if (good) delta.create = *std::move(info);
    }
    if (!good) {
      row.Reset();
      return Damaged(generation);
    }
    checksums -= row.IntegerAt(kChecksum);
    undo.sets.push_back(std::move(delta));
  }
}

absl::Status UndoRows::ReadEntries(std::uint64_t generation,
                                   std::int64_t& checksums, PolicyDelta& undo) {
  std::vector<policy::SetEntries::Builder> contents(undo.sets.size());
  SqliteStatement& row = read_entries_.Integer(Signed(generation));
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) break;
    const auto position = static_cast<std::size_t>(row.IntegerAt(0));
    const std::string_view list = row.BytesAt(1);
    const auto entries = UnpackChunk(row.BytesAt(2), clock_);
    if (!entries.ok() || position >= undo.sets.size() ||
        row.IntegerAt(4) == 0) {
      row.Reset();
      return Damaged(generation);
    }
    checksums -= row.IntegerAt(3);
    policy::SetDifference& difference = undo.sets[position].difference;
    for (const SetEntry& entry : *entries) {
      if (list == kContent) {
        contents[position].Add(entry);
      } else {
        (list == kBefore ? difference.before : difference.after)
            .push_back(entry);
      }
    }
  }
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (undo.sets[i].content == nullptr) continue;
    undo.sets[i].content =
        std::make_shared<policy::SetEntries>(std::move(contents[i]).Build());
  }
  return absl::OkStatus();
}

absl::Status UndoRows::Delete(std::uint64_t first, std::uint64_t last) {
  for (SqliteStatement* statement :
       {&delete_rules_, &delete_sets_, &delete_entries_}) {
    FW_RETURN_IF_ERROR(
        statement->Integer(Signed(first)).Integer(Signed(last)).Run());
  }
  return absl::OkStatus();
}

}  // namespace fwagent::store
