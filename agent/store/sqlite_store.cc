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
  const std::string request_columns =
      columns("request_id, fingerprint, generation, rule_id");
  const std::initializer_list<std::pair<SqliteStatement*, std::string>> all = {
      {&s.read_meta, "SELECT generation, next_rule_id FROM meta"},
      {&s.read_rules,
       absl::StrCat("SELECT ", columns("id"), " FROM rule ORDER BY id")},
      {&s.write_meta, "INSERT OR REPLACE INTO meta VALUES (1, ?, ?)"},
      {&s.insert_rule, insert(absl::StrCat("rule (", columns("id"), ")"), "")},
      {&s.delete_rule, "DELETE FROM rule WHERE id = ?"},
      {&s.find_request, absl::StrCat("SELECT ", request_columns,
                                     " FROM request WHERE request_id = ?")},
      {&s.insert_request,
       insert(absl::StrCat("request (", request_columns, ")"), "?, ?, ?, ")},
      {&s.delete_request, "DELETE FROM request WHERE request_id = ?"},
      {&s.trim_requests,
       "DELETE FROM request WHERE seq <= (SELECT max(seq) FROM request) - ?"},
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
  SqliteStatement& row = statements_.read_rules;
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return absl::OkStatus();
    auto rule = ReadRule(row, 0);
    if (!rule.ok()) {
      const std::int64_t id = row.IntegerAt(0);
      row.Reset();
      return DamagedError(
          database_.file(),
          absl::StrCat("rule ", id, ": ", rule.status().message()));
    }
    state.rules.push_back(*std::move(rule));
  }
}

absl::Status SqliteStore::Commit(const Delta& delta) {
  const util::MutexLock lock(&mutex_);
  return database_.InTransaction([this, &delta] {
    mutex_.AssertHeld();
    FW_RETURN_IF_ERROR(WriteRules(delta));
    FW_RETURN_IF_ERROR(WriteRequests(delta));
    return statements_.write_meta
        .Integer(static_cast<std::int64_t>(delta.generation))
        .Integer(static_cast<std::int64_t>(delta.next_rule_id))
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
    FW_RETURN_IF_ERROR(
        statements_.delete_request.Text(*delta.forget_request_id).Run());
  }
  if (!delta.remember) return absl::OkStatus();
  SqliteStatement& insert = statements_.insert_request;
  insert.Text(delta.remember->request_id)
      .Text(delta.remember->fingerprint)
      .Integer(static_cast<std::int64_t>(delta.remember->generation));
  BindRule(delta.remember->rule, insert);
  FW_RETURN_IF_ERROR(insert.Run());
  return statements_.trim_requests.Integer(kRequestsKept).Run();
}

absl::StatusOr<std::optional<AnsweredRequest>> SqliteStore::FindRequest(
    std::string_view request_id) {
  const util::MutexLock lock(&mutex_);
  SqliteStatement& row = statements_.find_request;
  FW_ASSIGN_OR_RETURN(const bool found, row.Text(request_id).Step());
  if (!found) return std::nullopt;
  AnsweredRequest request;
  request.request_id = row.BytesAt(0);
  request.fingerprint = row.BytesAt(1);
  request.generation = static_cast<std::uint64_t>(row.IntegerAt(2));
  auto rule = ReadRule(row, 3);
  row.Reset();
  if (!rule.ok()) {
    return DamagedError(database_.file(),
                        absl::StrCat("request \"", request.request_id,
                                     "\": ", rule.status().message()));
  }
  request.rule = *std::move(rule);
  return request;
}

}  // namespace fwagent::store
