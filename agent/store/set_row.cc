#include "agent/store/set_row.h"

#include <string>

#include "agent/util/status_macros.h"

namespace fwagent::store {

absl::StatusOr<policy::SetInfo> ReadSetInfo(const SqliteStatement& row,
                                            int first) {
  const std::int64_t id = row.IntegerAt(first);
  const auto action = policy::SetActionNamed(row.BytesAt(first + 2));
  policy::SetInfo info{
      .id = static_cast<policy::RuleId>(id),
      .name = std::string(row.BytesAt(first + 1)),
      .action = action.value_or(policy::SetAction::kBlock),
      .comment = std::string(row.BytesAt(first + 3)),
      .create_time = absl::FromUnixMicros(row.IntegerAt(first + 4)),
      .owner = std::string(row.BytesAt(first + 5)),
      .default_ttl = absl::Microseconds(row.IntegerAt(first + 6))};
  if (id <= 0 || !action.has_value() ||
      info.default_ttl < absl::ZeroDuration()) {
    return absl::DataLossError("impossible id, action or time");
  }
  FW_RETURN_IF_ERROR(policy::ValidateSetName(info.name));
  FW_RETURN_IF_ERROR(policy::ValidateComment(info.comment));
  FW_RETURN_IF_ERROR(policy::ValidateOwner(info.owner));
  return info;
}

}  // namespace fwagent::store
