// What becomes of a policy, in words.
#ifndef FWAGENT_CLIENT_POLICY_CHANGES_TEXT_H_
#define FWAGENT_CLIENT_POLICY_CHANGES_TEXT_H_

#include <string>

#include "fwagent/v1/policy_service.pb.h"

namespace fwagent::client {

// A line for each change that is named, with "+", "-" or "~" before it.
std::string ChangeLines(const fwagent::v1::ApplyPolicyResponse& response);

// "2 rules added, 1 rule removed, 1 set changed"; empty: nothing is changed.
std::string ChangeCounts(const fwagent::v1::ApplyPolicyResponse& response);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_POLICY_CHANGES_TEXT_H_
