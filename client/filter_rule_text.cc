#include "client/filter_rule_text.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace fwagent::client {
namespace {

using fwagent::v1::FilterRule;
using fwagent::v1::RuleAction;

constexpr std::array<std::pair<const char*, RuleAction>, 4> kActions = {
    {{"drop", fwagent::v1::RULE_ACTION_DROP},
     {"pass", fwagent::v1::RULE_ACTION_PASS},
     {"reject", fwagent::v1::RULE_ACTION_REJECT},
     {"limit", fwagent::v1::RULE_ACTION_LIMIT}}};

absl::StatusOr<FilterRule> ReadLine(const std::string& line) {
  std::vector<std::string> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  std::uint32_t order = 0;
  const bool has_order = words.size() >= 2 && words.front() == "order";
  if (has_order) {
    if (!absl::SimpleAtoi(words[1], &order)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", words[1], "\" is not an order: give a number"));
    }
    words.erase(words.begin(), words.begin() + 2);
  }
  auto rule = ReadFilterRule(words);
  if (rule.ok() && has_order) rule->set_order(order);
  return rule;
}

}  // namespace

std::string RuleActionText(RuleAction action) {
  for (const auto& [name, value] : kActions) {
    if (value == action) return name;
  }
  return "unknown";
}

absl::StatusOr<FilterRule> ReadFilterRule(
    const std::vector<std::string>& words) {
  // A shell may have made one word of all.
  const std::vector<std::string> parts = absl::StrSplit(
      absl::StrJoin(words, " "), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  FilterRule rule;
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

absl::StatusOr<std::vector<ListedRule>> ReadFilterRules(std::istream& in,
                                                        const std::string& name,
                                                        std::size_t most) {
  std::vector<ListedRule> rules;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (const auto comment = line.find('#'); comment != std::string::npos) {
      line.resize(comment);
    }
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string place = absl::StrCat(name, ", line ", number);
    auto rule = ReadLine(line);
    if (!rule.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, ": ", rule.status().message()));
    }
    if (rules.size() == most) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, ": there are more than ", most, " rules"));
    }
    rules.push_back({*std::move(rule), {line, place}});
  }
  return rules;
}

absl::StatusOr<std::vector<ListedRule>> ReadFilterRuleFile(
    const std::string& path, std::size_t most) {
  if (path == "-") return ReadFilterRules(std::cin, "standard input", most);
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  return ReadFilterRules(file, path, most);
}

}  // namespace fwagent::client
