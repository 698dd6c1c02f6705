#include "agent/policy/named_set.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fwagent::policy {

absl::Status ValidateSetName(std::string_view name) {
  const auto fits = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
           c == '-' || c == '_';
  };
  const bool valid =
      !name.empty() && name.size() <= kMaxSetNameBytes &&
      absl::ascii_isalnum(static_cast<unsigned char>(name.front())) &&
      std::all_of(name.begin(), name.end(), fits);
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the name of a set has 1 to ", kMaxSetNameBytes,
      " letters, digits, dots, dashes and underscores, and begins with a "
      "letter or a digit, as in \"spamhaus-drop\""));
}

const char* SetActionName(SetAction action) {
  switch (action) {
    case SetAction::kAllow:
      return "allow";
    case SetAction::kNone:
      return "none";
    case SetAction::kShadow:
      return "shadow";
    case SetAction::kBlock:
      break;
  }
  return "block";
}

std::optional<SetAction> SetActionNamed(std::string_view name) {
  for (const SetAction action : {SetAction::kBlock, SetAction::kAllow,
                                 SetAction::kNone, SetAction::kShadow}) {
    if (name == SetActionName(action)) return action;
  }
  return std::nullopt;
}

SourceVerdict ClaimOf(SetAction action) {
  if (action == SetAction::kBlock) return SourceVerdict::kBlock;
  return action == SetAction::kAllow ? SourceVerdict::kAllow
                                     : SourceVerdict::kNone;
}

}  // namespace fwagent::policy
