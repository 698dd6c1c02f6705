// The history and the way back.
#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "agent/service/convert.h"
#include "agent/service/convert_time.h"
#include "agent/service/request_fields.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {

absl::StatusOr<core::Change> ToChange(const v1::RollbackRequest& request) {
  FieldViolations violations;
  core::Change change = ReadCommon(request, violations);
  change.rollback_to = request.generation();
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

absl::StatusOr<HistoryPageRequest> ToPageRequest(
    const v1::ListHistoryRequest& request) {
  // Any number that SQLite takes is above all generations.
  constexpr std::uint64_t kAll = std::numeric_limits<std::int64_t>::max();
  FieldViolations violations;
  const HistoryPageRequest page{
      .before = std::min(
          kAll, ReadNumberToken(request.page_token(), kAll, violations)),
      .limit = ReadPageSize(request.page_size(), violations)};
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return page;
}

v1::Generation ToProto(const core::HistoryEntry& entry) {
  v1::Generation wire;
  wire.set_generation(entry.generation);
  wire.set_etag(entry.etag);
  *wire.mutable_time() = ToTimestamp(entry.time);
  wire.set_origin(entry.origin);
  wire.set_summary(entry.summary);
  wire.set_can_undo(entry.can_undo);
  if (entry.confirm_by.has_value()) {
    *wire.mutable_confirm_by() = ToTimestamp(*entry.confirm_by);
  }
  return wire;
}

v1::Unconfirmed ToProto(const core::Unconfirmed& what) {
  v1::Unconfirmed wire;
  wire.set_generation(what.generation);
  *wire.mutable_time() = ToTimestamp(what.time);
  wire.set_origin(what.origin);
  *wire.mutable_confirm_by() = ToTimestamp(what.confirm_by);
  return wire;
}

}  // namespace fwagent::service
