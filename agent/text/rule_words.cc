#include "agent/text/rule_words.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace fwagent::text {
namespace {

constexpr std::array<std::pair<const char*, v1::RuleAction>, 4> kActions = {
    {{"drop", v1::RULE_ACTION_DROP},
     {"pass", v1::RULE_ACTION_PASS},
     {"reject", v1::RULE_ACTION_REJECT},
     {"limit", v1::RULE_ACTION_LIMIT}}};

}  // namespace

std::string RuleActionText(v1::RuleAction action) {
  for (const auto& [name, value] : kActions) {
    if (value == action) return name;
  }
  return "unknown";
}

absl::StatusOr<v1::FilterRule> ReadFilterRule(
    const std::vector<std::string>& words) {
  // A shell may have made one word of all.
  const std::vector<std::string> parts = absl::StrSplit(
      absl::StrJoin(words, " "), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  v1::FilterRule rule;
  for (const auto& [name, action] : kActions) {
    if (parts.empty() || parts.front() != name) continue;
    rule.set_action(action);
    rule.set_match(parts.size() == 1
                       ? "any"
                       : absl::StrJoin(parts.begin() + 1, parts.end(), " "));
    return rule;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a rule begins with drop, pass, reject or limit, not with \"",
      parts.empty() ? "" : parts.front(), "\""));
}

std::string RuleText(const v1::FilterRule& rule) {
  return absl::StrCat(RuleActionText(rule.action()), " ", rule.match());
}

}  // namespace fwagent::text
