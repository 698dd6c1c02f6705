// Words for what sets do.
#ifndef FWAGENT_AGENT_TEXT_SET_ACTION_H_
#define FWAGENT_AGENT_TEXT_SET_ACTION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fwagent/v1/set.pb.h"

namespace fwagent::text {

// "block", "allow", "none", "shadow"; "block" for what was not said.
const char* SetActionName(v1::SetAction action);
// nullopt: it is none of them.
std::optional<v1::SetAction> SetActionNamed(std::string_view name);
// All of them.
std::vector<std::string> SetActionNames();

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_SET_ACTION_H_
