#include "agent/text/set_action.h"

#include <array>

namespace fwagent::text {
namespace {

constexpr std::array kActions = {v1::SET_ACTION_BLOCK, v1::SET_ACTION_ALLOW,
                                 v1::SET_ACTION_NONE, v1::SET_ACTION_SHADOW};

}  // namespace

const char* SetActionName(v1::SetAction action) {
  switch (action) {
    case v1::SET_ACTION_ALLOW:
      return "allow";
    case v1::SET_ACTION_NONE:
      return "none";
    case v1::SET_ACTION_SHADOW:
      return "shadow";
    default:
      return "block";
  }
}

std::optional<v1::SetAction> SetActionNamed(std::string_view name) {
  for (const v1::SetAction action : kActions) {
    if (name == SetActionName(action)) return action;
  }
  return std::nullopt;
}

std::vector<std::string> SetActionNames() {
  std::vector<std::string> names;
  for (const v1::SetAction action : kActions) {
    names.emplace_back(SetActionName(action));
  }
  return names;
}

}  // namespace fwagent::text
