// What answered requests did to sets.
#ifndef FWAGENT_AGENT_STORE_ANSWERED_SETS_H_
#define FWAGENT_AGENT_STORE_ANSWERED_SETS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/policy/named_set.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_statement.h"

namespace fwagent::store {

// To be used inside transactions. `seq` is the number of a request.
class AnsweredSets {
 public:
  static absl::StatusOr<AnsweredSets> Prepare(SqliteDatabase& database);

  // Returns the sum of the checksums of the rows.
  absl::StatusOr<std::int64_t> Write(
      std::int64_t seq, const std::vector<policy::SetOutcome>& sets);
  // The reverse; takes the checksums off `total`. DATA_LOSS.
  absl::StatusOr<std::vector<policy::SetOutcome>> Read(std::int64_t seq,
                                                       std::int64_t& total);
  // Those of the request with this id; those older than the newest `kept`.
  absl::Status Delete(std::string_view request_id);
  absl::Status Trim(std::int64_t kept);

 private:
  AnsweredSets() = default;

  std::string file_;  // for messages
  SqliteStatement insert_;
  SqliteStatement read_;
  SqliteStatement delete_;
  SqliteStatement trim_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_ANSWERED_SETS_H_
