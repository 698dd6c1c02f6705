// Times and durations of the wire.
#ifndef FWAGENT_AGENT_SERVICE_CONVERT_TIME_H_
#define FWAGENT_AGENT_SERVICE_CONVERT_TIME_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/service/error_details.h"

namespace fwagent::service {

google::protobuf::Timestamp ToTimestamp(absl::Time time);

// How long a rule lasts; anything after adding a violation.
absl::Duration ReadTtl(const google::protobuf::Duration& ttl,
                       const std::string& field, FieldViolations& violations);

// When a rule ends. Whether that is ahead, the engine says.
absl::Time ReadExpireTime(const google::protobuf::Timestamp& time,
                          const std::string& field,
                          FieldViolations& violations);

google::protobuf::Duration ToDuration(absl::Duration duration);
// How long a change waits for its confirmation.
absl::Duration ReadConfirmWithin(const google::protobuf::Duration& within,
                                 FieldViolations& violations);

// An error of the engine about an expire_time, in the form of a field that is
// wrong; any other as it is. `many`: the request has edits.
absl::Status NameExpireTime(const absl::Status& status, bool many);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_CONVERT_TIME_H_
