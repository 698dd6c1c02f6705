#include "agent/store/sqlite_store.h"

#include <cstdint>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/store/checksum.h"
#include "agent/store/new_file.h"
#include "agent/store/rule_row.h"
#include "agent/store/schema.h"
#include "agent/store/schema_copy.h"
#include "agent/store/sqlite_status.h"
#include "agent/store/state_files.h"
#include "agent/store/store_copy.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// Whether a row's checksum fits these columns, which are all of its others.
std::string IsAsWritten(const std::string& columns) {
  return absl::StrCat("checksum = fw_checksum(", columns, ")");
}

// For so many parameters in the order of the columns, the last one the
// checksum.
std::string Insert(const std::string& table, const std::string& columns,
                   int count) {
  std::string values = "?";
  for (int i = 1; i < count; ++i) absl::StrAppend(&values, ", ?");
  return absl::StrCat("INSERT INTO ", table, " (", columns,
                      ", checksum) VALUES (", values, ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    const std::string& path) {
  FW_ASSIGN_OR_RETURN(StateDirectory directory, StateDirectory::Open(path));
  return Open(std::make_shared<const StateDirectory>(std::move(directory)));
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    std::shared_ptr<const StateDirectory> directory) {
  FW_RETURN_IF_ERROR(FinishReplacement(*directory));
  FW_RETURN_IF_ERROR(CreateIfMissing(*directory));
  FW_ASSIGN_OR_RETURN(
      auto store, OpenFile(StateFile(*directory), nullptr, directory.get()));
  store->directory_ = std::move(directory);
  return store;
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::OpenFile(
    const std::string& file, const std::atomic<bool>* stop,
    const StateDirectory* keep_in) {
  FW_ASSIGN_OR_RETURN(SqliteDatabase database, SqliteDatabase::Open(file));
  if (stop != nullptr) database.StopWhen(stop);
  BeforeUpgrade keep;
  if (keep_in != nullptr) {
    keep = [keep_in](SqliteDatabase& older, std::int64_t version) {
      return KeepSchemaCopy(older, version, *keep_in);
    };
  }
  FW_RETURN_IF_ERROR(PrepareSchema(database, keep));
  auto store = PrepareStore(std::move(database));
  // Its tables are ours by its version: what they lack, they have lost.
  if (absl::IsInternal(store.status())) {
    return DamagedError(file, std::string(store.status().message()));
  }
  return store;
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::PrepareStore(
    SqliteDatabase database) {
  FW_ASSIGN_OR_RETURN(Statements statements, PrepareAll(database));
  FW_ASSIGN_OR_RETURN(SetRows set_rows, SetRows::Prepare(database));
  FW_ASSIGN_OR_RETURN(AnsweredSets answered_sets,
                      AnsweredSets::Prepare(database));
  FW_ASSIGN_OR_RETURN(HistoryRows history, HistoryRows::Prepare(database));
  FW_ASSIGN_OR_RETURN(UnconfirmedRows unconfirmed,
                      UnconfirmedRows::Prepare(database));
  FW_ASSIGN_OR_RETURN(EntryClockRow entry_clock_row,
                      EntryClockRow::Prepare(database));
  FW_ASSIGN_OR_RETURN(const auto entry_clock, entry_clock_row.Read());
  auto store = std::unique_ptr<SqliteStore>(new SqliteStore(
      std::move(database), std::move(statements), std::move(set_rows),
      std::move(answered_sets), std::move(history), std::move(unconfirmed),
      std::move(entry_clock_row)));
  store->UseEntryClock(entry_clock.value_or(EntryClock()));
  return store;
}

SqliteStore::SqliteStore(SqliteDatabase database, Statements statements,
                         SetRows set_rows, AnsweredSets answered_sets,
                         HistoryRows history, UnconfirmedRows unconfirmed,
                         EntryClockRow entry_clock_row)
    : database_(std::move(database)),
      statements_(std::move(statements)),
      set_rows_(std::move(set_rows)),
      answered_sets_(std::move(answered_sets)),
      history_(std::move(history)),
      unconfirmed_(std::move(unconfirmed)),
      entry_clock_row_(std::move(entry_clock_row)) {}

void SqliteStore::KeepCopy() {
  if (directory_ == nullptr || copy_keeper_ != nullptr) return;
  copy_keeper_ = std::make_unique<CopyKeeper>(
      absl::Seconds(1), [directory = directory_](const auto& stop) {
        return WriteCopy(*directory, stop);
      });
  const util::MutexLock lock(&mutex_);
  database_.OnWait([keeper = copy_keeper_.get()] { keeper->MakeWay(); });
}

absl::Status SqliteStore::EmptyLog() {
  const util::MutexLock lock(&mutex_);
  return database_.EmptyLog();
}

absl::StatusOr<SqliteStore::Statements> SqliteStore::PrepareAll(
    SqliteDatabase& database) {
  Statements s;
  const std::string request_columns =
      "seq, request_id, fingerprint, generation, rules_total";
  const std::string meta_columns =
      "generation, next_rule_id, rules_total, boot_id";
  const std::string of_rule = absl::StrCat("id, ", kRuleColumns);
  const std::string of_request_rule =
      absl::StrCat("seq, position, rule_id, ", kRuleColumns);
  const std::string requests_to_trim =
      " WHERE seq <= (SELECT max(seq) FROM request) - ?";
  const std::initializer_list<std::pair<SqliteStatement*, std::string>> all = {
      {&s.read_meta, absl::StrCat("SELECT ", meta_columns, ", ",
                                  IsAsWritten(meta_columns), " FROM meta")},
      {&s.read_rules,
       absl::StrCat("SELECT ", of_rule, ", checksum, ", IsAsWritten(of_rule),
                    " FROM rule ORDER BY id")},
      {&s.write_meta,
       absl::StrCat(
           "INSERT OR REPLACE INTO meta (only, ", meta_columns,
           ", checksum) SELECT 1, ?1, ?2, total, boot_id, "
           "fw_checksum(?1, ?2, total, boot_id) FROM "
           "(SELECT coalesce((SELECT rules_total FROM meta), 0) + ?3 AS total, "
           "coalesce(?4, (SELECT boot_id FROM meta), '') AS boot_id)")},
      {&s.insert_rule, Insert("rule", of_rule, kRuleWidth + 1)},
      {&s.delete_rule, "DELETE FROM rule WHERE id = ? RETURNING checksum"},
      {&s.find_request, absl::StrCat("SELECT ", request_columns, ", ",
                                     IsAsWritten(request_columns),
                                     " FROM request WHERE request_id = ?")},
      {&s.find_request_rules,
       absl::StrCat("SELECT rule_id, ", kRuleColumns, ", checksum, ",
                    IsAsWritten(of_request_rule),
                    " FROM request_rule WHERE seq = ? ORDER BY position")},
      {&s.next_request, "SELECT coalesce(max(seq), 0) + 1 FROM request"},
      {&s.insert_request, Insert("request", request_columns, 6)},
      {&s.insert_request_rule,
       Insert("request_rule", of_request_rule, 2 + kRuleWidth + 1)},
      {&s.delete_request, "DELETE FROM request WHERE request_id = ?"},
      {&s.delete_request_rules,
       "DELETE FROM request_rule WHERE seq = "
       "(SELECT seq FROM request WHERE request_id = ?)"},
      {&s.trim_requests, absl::StrCat("DELETE FROM request", requests_to_trim)},
      {&s.trim_request_rules,
       absl::StrCat("DELETE FROM request_rule", requests_to_trim)},
  };
  for (const auto& [statement, sql] : all) {
    FW_ASSIGN_OR_RETURN(*statement, database.Prepare(sql));
  }
  return s;
}

absl::StatusOr<State> SqliteStore::Load() {
  const util::MutexLock lock(&mutex_);
  State state;
  FW_ASSIGN_OR_RETURN(std::int64_t total, LoadMeta(state));
  FW_RETURN_IF_ERROR(LoadSets(state, total));
  std::int64_t unconfirmed_total = 0;
  FW_ASSIGN_OR_RETURN(state.unconfirmed, unconfirmed_.Load(unconfirmed_total));
  total -= unconfirmed_total;
  FW_RETURN_IF_ERROR(ReadRules(statements_.read_rules, "", total, state.rules));
  if (!state.rules.empty() && state.rules.back().id >= state.next_rule_id) {
    return DamagedError(
        database_.file(),
        absl::StrCat("rule ", state.rules.back().id, " is past the next id, ",
                     state.next_rule_id));
  }
  return state;
}

absl::StatusOr<std::int64_t> SqliteStore::LoadMeta(State& state) {
  SqliteStatement& row = statements_.read_meta;
  FW_ASSIGN_OR_RETURN(const bool found, row.Step());
  // The row comes with the first commit.
  state.fresh = !found;
  if (!found) return 0;
  state.generation = static_cast<std::uint64_t>(row.IntegerAt(0));
  state.next_rule_id = static_cast<policy::RuleId>(row.IntegerAt(1));
  const std::int64_t total = row.IntegerAt(2);
  state.boot_id = std::string(row.BytesAt(3));
  const bool is_as_written = row.IntegerAt(4) != 0;
  row.Reset();
  if (!is_as_written) {
    return DamagedError(database_.file(),
                        "the generation is not as it was written");
  }
  FW_ASSIGN_OR_RETURN(const auto newest,
                      history_.List(state.generation + 1, 1));
  state.etag = newest.empty() || newest[0].generation != state.generation
                   ? absl::StrFormat("%d-%x", state.generation, total)
                   : newest[0].etag;
  return total;
}

// Every row that is left, of a statement whose columns are a rule's, then its
// checksum, then whether that is right. `total` is the sum of the checksums.
absl::Status SqliteStore::ReadRules(SqliteStatement& row, std::string_view of,
                                    std::int64_t total,
                                    std::vector<policy::Rule>& rules) {
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) break;
    auto rule = ReadRule(row, 0);
    if (rule.ok() && row.IntegerAt(kRuleWidth + 1) == 0) {
      rule = absl::DataLossError("it is not as it was written");
    }
    if (!rule.ok()) {
      const std::int64_t id = row.IntegerAt(0);
      row.Reset();
      return DamagedError(database_.file(),
                          absl::StrCat(std::string(of), "rule ", id, ": ",
                                       rule.status().message()));
    }
    total -= row.IntegerAt(kRuleWidth);
    rules.push_back(*std::move(rule));
  }
  if (total == 0) return absl::OkStatus();
  return DamagedError(
      database_.file(),
      absl::StrCat(std::string(of), "rules are missing, or too many"));
}

// For the callers of an agent that runs on.
absl::Status SqliteStore::WithRemedy(const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  return util::WithReason(
      absl::DataLossError(absl::StrCat(
          status.message(),
          "; restart the agent, then recover it by 'fwctl recover'")),
      util::ReasonOf(status));
}

absl::Status SqliteStore::CommitAll(absl::Span<const Delta> deltas) {
  if (copy_keeper_ != nullptr) copy_keeper_->NoteChanges(deltas.size());
  const util::MutexLock lock(&mutex_);
  absl::Status committed = database_.InTransaction([this, deltas] {
    mutex_.AssertHeld();
    std::int64_t growth = 0;
    for (const Delta& delta : deltas) {
      FW_ASSIGN_OR_RETURN(const std::int64_t more, WriteRules(delta));
      growth += more;
      for (const SetDelta& set : delta.sets) {
        FW_ASSIGN_OR_RETURN(const std::int64_t set_growth,
                            set_rows_.Apply(set));
        growth += set_growth;
      }
      FW_RETURN_IF_ERROR(WriteRequests(delta));
      FW_RETURN_IF_ERROR(WriteHistory(delta));
      FW_ASSIGN_OR_RETURN(const std::int64_t unconfirmed_growth,
                          WriteUnconfirmed(delta));
      growth += unconfirmed_growth;
    }
    if (deltas.empty()) return absl::OkStatus();
    FW_RETURN_IF_ERROR(history_.Trim());
    FW_RETURN_IF_ERROR(entry_clock_row_.Write(entry_clock_));
    return WriteMeta(deltas, growth);
  });
  // What it knows of its rows must be what is in the file.
  if (!committed.ok()) history_.Reload().IgnoreError();
  return WithRemedy(committed);
}

absl::StatusOr<std::int64_t> SqliteStore::WriteUnconfirmed(const Delta& delta) {
  if (delta.unconfirmed) return unconfirmed_.Write(*delta.unconfirmed);
  return delta.end_unconfirmed ? unconfirmed_.Delete() : 0;
}

absl::Status SqliteStore::WriteHistory(const Delta& delta) {
  if (delta.forget_history_from != 0) {
    FW_RETURN_IF_ERROR(history_.ForgetFrom(delta.forget_history_from));
  }
  return delta.history ? history_.Write(*delta.history) : absl::OkStatus();
}

absl::StatusOr<std::vector<HistoryEntry>> SqliteStore::ListHistory(
    std::uint64_t before, std::size_t limit) {
  const util::MutexLock lock(&mutex_);
  return history_.List(before, limit);
}

absl::StatusOr<UndoableEntry> SqliteStore::ReadUndo(std::uint64_t generation) {
  const util::MutexLock lock(&mutex_);
  return history_.Read(generation);
}

absl::StatusOr<TakeBack> SqliteStore::ReadTakeBack() {
  const util::MutexLock lock(&mutex_);
  return unconfirmed_.ReadTakeBack();
}

absl::Status SqliteStore::WriteMeta(absl::Span<const Delta> deltas,
                                    std::int64_t growth) {
  std::string boot_id;
  for (const Delta& delta : deltas) {
    if (!delta.boot_id.empty()) boot_id = delta.boot_id;
  }
  SqliteStatement& meta = statements_.write_meta;
  meta.Integer(static_cast<std::int64_t>(deltas.back().generation))
      .Integer(static_cast<std::int64_t>(deltas.back().next_rule_id))
      .Integer(growth);
  return (boot_id.empty() ? meta.Null() : meta.Text(boot_id)).Run();
}

absl::StatusOr<std::int64_t> SqliteStore::WriteRules(const Delta& delta) {
  std::int64_t growth = 0;
  for (const policy::RuleId id : delta.remove) {
    SqliteStatement& row = statements_.delete_rule;
    FW_ASSIGN_OR_RETURN(const bool found,
                        row.Integer(static_cast<std::int64_t>(id)).Step());
    if (!found) {
      return absl::InternalError(
          absl::StrCat(database_.file(), ": there is no rule ", id,
                       " to remove; nothing was changed"));
    }
    growth -= row.IntegerAt(0);
    row.Reset();
  }
  for (const policy::Rule& rule : delta.add) {
    RowChecksum checksum;
    SumRule(rule, checksum);
    BindRule(rule, statements_.insert_rule);
    FW_RETURN_IF_ERROR(statements_.insert_rule.Integer(checksum.Value()).Run());
    growth += checksum.Value();
  }
  return growth;
}

}  // namespace fwagent::store
