// Between the messages of Explain and the engine's types.
#ifndef FWAGENT_AGENT_SERVICE_CONVERT_EXPLAIN_H_
#define FWAGENT_AGENT_SERVICE_CONVERT_EXPLAIN_H_

#include "absl/status/status.h"
#include "agent/core/clocks.h"
#include "agent/core/explain.h"
#include "fwagent/v1/explain.pb.h"

namespace fwagent::service {

// INVALID_ARGUMENT with a violation for each wrong field.
absl::Status Check(const v1::ExplainRequest& request);

// With the ends of entries as the wall clock is set now.
v1::ExplainResponse ToProto(const core::Explanation& explanation,
                            const core::Moment& now);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_CONVERT_EXPLAIN_H_
