#include "agent/store/sqlite_store.h"

#include <cstdint>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/store/rule_row.h"
#include "agent/store/schema.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    const std::string& path) {
  FW_ASSIGN_OR_RETURN(StateDirectory directory, StateDirectory::Open(path));
  FW_ASSIGN_OR_RETURN(
      SqliteDatabase database,
      SqliteDatabase::Open(absl::StrCat(directory.path(), "/fwagent.db")));
  FW_RETURN_IF_ERROR(PrepareSchema(database));
  FW_ASSIGN_OR_RETURN(Statements statements, PrepareAll(database));
  return std::unique_ptr<SqliteStore>(new SqliteStore(
      std::move(directory), std::move(database), std::move(statements)));
}

SqliteStore::SqliteStore(StateDirectory directory, SqliteDatabase database,
                         Statements statements)
    : directory_(std::move(directory)),
      database_(std::move(database)),
      statements_(std::move(statements)) {}

absl::StatusOr<SqliteStore::Statements> SqliteStore::PrepareAll(
    SqliteDatabase& database) {
  const auto columns = [](const char* before) {
    return absl::StrCat(before, ", ", kRuleColumns);
  };
  const auto insert = [](const std::string& into, const char* placeholders) {
    return absl::StrCat("INSERT INTO ", into, " VALUES (", placeholders,
                        kRulePlaceholders, ")");
  };
  Statements s;
  const std::string request_columns = "request_id, fingerprint, generation";
  const std::string requests_to_trim =
      " WHERE seq <= (SELECT max(seq) FROM request) - ?";
  const std::initializer_list<std::pair<SqliteStatement*, std::string>> all = {
      {&s.read_meta, "SELECT generation, next_rule_id FROM meta"},
      {&s.read_rules,
       absl::StrCat("SELECT ", columns("id"), " FROM rule ORDER BY id")},
      {&s.write_meta, "INSERT OR REPLACE INTO meta VALUES (1, ?, ?)"},
      {&s.insert_rule, insert(absl::StrCat("rule (", columns("id"), ")"), "")},
      {&s.delete_rule, "DELETE FROM rule WHERE id = ?"},
      {&s.find_request, absl::StrCat("SELECT seq, ", request_columns,
                                     " FROM request WHERE request_id = ?")},
      {&s.find_request_rules,
       absl::StrCat("SELECT ", columns("rule_id"),
                    " FROM request_rule WHERE seq = ? ORDER BY position")},
      {&s.insert_request, absl::StrCat("INSERT INTO request (", request_columns,
                                       ") VALUES (?, ?, ?)")},
      {&s.insert_request_rule,
       insert(absl::StrCat("request_rule (", columns("seq, position, rule_id"),
                           ")"),
              "(SELECT max(seq) FROM request), ?, ")},
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
  FW_RETURN_IF_ERROR(LoadMeta(state));
  FW_RETURN_IF_ERROR(LoadRules(state));
  if (!state.rules.empty() && state.rules.back().id >= state.next_rule_id) {
    return DamagedError(
        database_.file(),
        absl::StrCat("rule ", state.rules.back().id, " is past the next id, ",
                     state.next_rule_id));
  }
  return state;
}

absl::Status SqliteStore::LoadMeta(State& state) {
  SqliteStatement& row = statements_.read_meta;
  FW_ASSIGN_OR_RETURN(const bool found, row.Step());
  // The row comes with the first commit.
  state.fresh = !found;
  if (!found) return absl::OkStatus();
  state.generation = static_cast<std::uint64_t>(row.IntegerAt(0));
  state.next_rule_id = static_cast<policy::RuleId>(row.IntegerAt(1));
  row.Reset();
  return absl::OkStatus();
}

absl::Status SqliteStore::LoadRules(State& state) {
  return ReadRules(statements_.read_rules, "", state.rules);
}

// Every row that is left, of a statement whose columns are a rule's.
absl::Status SqliteStore::ReadRules(SqliteStatement& row, std::string_view of,
                                    std::vector<policy::Rule>& rules) {
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return absl::OkStatus();
    auto rule = ReadRule(row, 0);
    if (!rule.ok()) {
      const std::int64_t id = row.IntegerAt(0);
      row.Reset();
      return DamagedError(database_.file(),
                          absl::StrCat(std::string(of), "rule ", id, ": ",
                                       rule.status().message()));
    }
    rules.push_back(*std::move(rule));
  }
}

absl::Status SqliteStore::CommitAll(absl::Span<const Delta> deltas) {
  const util::MutexLock lock(&mutex_);
  return database_.InTransaction([this, deltas] {
    mutex_.AssertHeld();
    for (const Delta& delta : deltas) {
      FW_RETURN_IF_ERROR(WriteRules(delta));
      FW_RETURN_IF_ERROR(WriteRequests(delta));
    }
    if (deltas.empty()) return absl::OkStatus();
    return statements_.write_meta
        .Integer(static_cast<std::int64_t>(deltas.back().generation))
        .Integer(static_cast<std::int64_t>(deltas.back().next_rule_id))
        .Run();
  });
}

absl::Status SqliteStore::WriteRules(const Delta& delta) {
  for (const policy::RuleId id : delta.remove) {
    FW_RETURN_IF_ERROR(
        statements_.delete_rule.Integer(static_cast<std::int64_t>(id)).Run());
    if (database_.RowsChanged() != 1) {
      return absl::InternalError(
          absl::StrCat(database_.file(), ": there is no rule ", id,
                       " to remove; nothing was changed"));
    }
  }
  for (const policy::Rule& rule : delta.add) {
    BindRule(rule, statements_.insert_rule);
    FW_RETURN_IF_ERROR(statements_.insert_rule.Run());
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::WriteRequests(const Delta& delta) {
  if (delta.forget_request_id) {
    const std::string& id = *delta.forget_request_id;
    FW_RETURN_IF_ERROR(statements_.delete_request_rules.Text(id).Run());
    FW_RETURN_IF_ERROR(statements_.delete_request.Text(id).Run());
  }
  if (!delta.remember) return absl::OkStatus();
  FW_RETURN_IF_ERROR(WriteAnswer(*delta.remember));
  FW_RETURN_IF_ERROR(
      statements_.trim_request_rules.Integer(kRequestsKept).Run());
  return statements_.trim_requests.Integer(kRequestsKept).Run();
}

absl::Status SqliteStore::WriteAnswer(const AnsweredRequest& request) {
  FW_RETURN_IF_ERROR(statements_.insert_request.Text(request.request_id)
                         .Text(request.fingerprint)
                         .Integer(static_cast<std::int64_t>(request.generation))
                         .Run());
  std::int64_t position = 0;
  for (const policy::Rule& rule : request.rules) {
    SqliteStatement& insert = statements_.insert_request_rule;
    insert.Integer(position++);
    BindRule(rule, insert);
    FW_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<AnsweredRequest>> SqliteStore::FindRequest(
    std::string_view request_id) {
  const util::MutexLock lock(&mutex_);
  SqliteStatement& row = statements_.find_request;
  FW_ASSIGN_OR_RETURN(const bool found, row.Text(request_id).Step());
  if (!found) return std::nullopt;
  const std::int64_t seq = row.IntegerAt(0);
  AnsweredRequest request{
      .request_id = std::string(row.BytesAt(1)),
      .fingerprint = std::string(row.BytesAt(2)),
      .rules = {},
      .generation = static_cast<std::uint64_t>(row.IntegerAt(3))};
  row.Reset();
  FW_RETURN_IF_ERROR(ReadRules(
      statements_.find_request_rules.Integer(seq),
      absl::StrCat("request \"", request.request_id, "\": "), request.rules));
  return request;
}

}  // namespace fwagent::store
