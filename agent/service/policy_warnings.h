// What is probably not meant in what owners want.
#ifndef FWAGENT_AGENT_SERVICE_POLICY_WARNINGS_H_
#define FWAGENT_AGENT_SERVICE_POLICY_WARNINGS_H_

#include <vector>

#include "agent/core/desired.h"
#include "fwagent/v1/policy_service.pb.h"

namespace fwagent::service {

// Rules that are there twice, and blocks of what is allowed as well; at most
// 100 of them.
std::vector<v1::PolicyWarning> FindWarnings(
    const std::vector<core::DesiredPolicy>& desired);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_POLICY_WARNINGS_H_
