// The part of the store that is about answered requests.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/store/checksum.h"
#include "agent/store/rule_row.h"
#include "agent/store/sqlite_status.h"
#include "agent/store/sqlite_store.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {

absl::Status SqliteStore::WriteRequests(const Delta& delta) {
  if (delta.forget_request_id) {
    const std::string& id = *delta.forget_request_id;
    FW_RETURN_IF_ERROR(answered_sets_.Delete(id));
    FW_RETURN_IF_ERROR(statements_.delete_request_rules.Text(id).Run());
    FW_RETURN_IF_ERROR(statements_.delete_request.Text(id).Run());
  }
  if (!delta.remember) return absl::OkStatus();
  FW_RETURN_IF_ERROR(WriteAnswer(*delta.remember));
  FW_RETURN_IF_ERROR(answered_sets_.Trim(kRequestsKept));
  FW_RETURN_IF_ERROR(
      statements_.trim_request_rules.Integer(kRequestsKept).Run());
  return statements_.trim_requests.Integer(kRequestsKept).Run();
}

absl::Status SqliteStore::WriteAnswer(const AnsweredRequest& request) {
  FW_RETURN_IF_ERROR(statements_.next_request.Step().status());
  const std::int64_t seq = statements_.next_request.IntegerAt(0);
  statements_.next_request.Reset();
  std::int64_t position = 0;
  FW_ASSIGN_OR_RETURN(std::int64_t total,
                      answered_sets_.Write(seq, request.sets));
  for (const policy::Rule& rule : request.rules) {
    SqliteStatement& insert = statements_.insert_request_rule;
    RowChecksum checksum;
    SumRule(rule, checksum.Integer(seq).Integer(position));
    BindRule(rule, insert.Integer(seq).Integer(position));
    FW_RETURN_IF_ERROR(insert.Integer(checksum.Value()).Run());
    ++position;
    total += checksum.Value();
  }
  const auto generation = static_cast<std::int64_t>(request.generation);
  const auto put = [&](auto& row) -> auto& {
    return row.Integer(seq)
        .Text(request.request_id)
        .Text(request.fingerprint)
        .Integer(generation)
        .Integer(total);
  };
  RowChecksum checksum;
  put(checksum);
  return put(statements_.insert_request).Integer(checksum.Value()).Run();
}

absl::StatusOr<std::optional<AnsweredRequest>> SqliteStore::FindRequest(
    std::string_view request_id) {
  const util::MutexLock lock(&mutex_);
  auto found = ReadRequest(request_id);
  if (!found.ok()) return WithRemedy(found.status());
  return found;
}

absl::StatusOr<std::optional<AnsweredRequest>> SqliteStore::ReadRequest(
    std::string_view request_id) {
  SqliteStatement& row = statements_.find_request;
  FW_ASSIGN_OR_RETURN(const bool found, row.Text(request_id).Step());
  if (!found) return std::nullopt;
  const std::int64_t seq = row.IntegerAt(0);
  AnsweredRequest request{
      .request_id = std::string(row.BytesAt(1)),
      .fingerprint = std::string(row.BytesAt(2)),
      .rules = {},
      .sets = {},
      .generation = static_cast<std::uint64_t>(row.IntegerAt(3))};
  std::int64_t total = row.IntegerAt(4);
  const bool is_as_written = row.IntegerAt(5) != 0;
  row.Reset();
  const std::string of = absl::StrCat("request \"", request.request_id, "\": ");
  if (!is_as_written) {
    return DamagedError(database_.file(), of + "it is not as it was written");
  }
  FW_ASSIGN_OR_RETURN(request.sets, answered_sets_.Read(seq, total));
  FW_RETURN_IF_ERROR(ReadRules(statements_.find_request_rules.Integer(seq), of,
                               total, request.rules));
  return request;
}

}  // namespace fwagent::store
