// What became of a packet, for people.
#ifndef FWAGENT_CLIENT_EXPLAIN_TEXT_H_
#define FWAGENT_CLIENT_EXPLAIN_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "fwagent/v1/explain.pb.h"

namespace fwagent::client {

// Several lines, without the end of the last one; safe to show.
std::string ExplanationText(const fwagent::v1::ExplainResponse& response,
                            absl::Time now);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_EXPLAIN_TEXT_H_
