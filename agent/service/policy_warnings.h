// What is probably not meant in what owners want.
#ifndef FWAGENT_AGENT_SERVICE_POLICY_WARNINGS_H_
#define FWAGENT_AGENT_SERVICE_POLICY_WARNINGS_H_

#include <vector>

#include "agent/core/desired.h"
#include "fwagent/v1/policy_service.pb.h"

namespace fwagent::service {

// Rules that change nothing, as others of the same document say the same, say
// the contrary and win, or decide everything before them: one warning for each,
// at most 100 in all. Each of them is certain; not all of what is so is found.
std::vector<v1::PolicyWarning> FindWarnings(
    const std::vector<core::DesiredPolicy>& desired);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_POLICY_WARNINGS_H_
