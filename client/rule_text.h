// Rules and the numbers of the protocol in words.
#ifndef FWAGENT_CLIENT_RULE_TEXT_H_
#define FWAGENT_CLIENT_RULE_TEXT_H_

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "fwagent/v1/rule.pb.h"
#include "fwagent/v1/stats.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace fwagent::client {

// "source 192.0.2.0/24", "port 443/tcp"; "unknown" for what a newer agent
// may send.
std::string MatchText(const fwagent::v1::Rule& rule);

// "block", "allow".
std::string ActionText(const fwagent::v1::Rule& rule);

// "2026-01-02T03:04:05Z"; "-" when there is none.
std::string CreatedText(const fwagent::v1::Rule& rule);

// "in 9m58s"; "never" when there is no end.
std::string EndText(const fwagent::v1::Rule& rule, absl::Time now);
std::string EndText(const google::protobuf::Timestamp& end, absl::Time now);
// At least one.
std::int64_t SecondsLeft(const google::protobuf::Timestamp& end,
                         absl::Time now);

// "drop"; the number of one that is not known.
std::string VerdictText(fwagent::v1::Verdict verdict);

// "source-blocked"; the number of one that is not known.
std::string ReasonText(fwagent::v1::Reason reason);

// "2026-01-31T23:59:59Z".
std::string TimeText(const google::protobuf::Timestamp& time);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_RULE_TEXT_H_
