// What is known of a set as columns of a row.
#ifndef FWAGENT_AGENT_STORE_SET_ROW_H_
#define FWAGENT_AGENT_STORE_SET_ROW_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/policy/named_set.h"
#include "agent/store/sqlite_statement.h"

namespace fwagent::store {

// In this order in every statement.
inline constexpr char kSetInfoColumns[] =
    "id, name, action, comment, created_us, owner, default_ttl_us";
inline constexpr int kSetInfoWidth = 7;

// A row is a statement's parameters, or what its checksum is over.
template <typename Row>
Row& PutSetInfo(const policy::SetInfo& info, Row& row) {
  return row.Integer(static_cast<std::int64_t>(info.id))
      .Text(info.name)
      .Text(policy::SetActionName(info.action))
      .Text(info.comment)
      .Integer(absl::ToUnixMicros(info.create_time))
      .Text(info.owner)
      .Integer(absl::ToInt64Microseconds(info.default_ttl));
}

// Reads them back, the id from column `first`. An error, whose code says
// nothing, when this is no set in canonical form.
absl::StatusOr<policy::SetInfo> ReadSetInfo(const SqliteStatement& row,
                                            int first);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SET_ROW_H_
