#include "client/filter_rule_text.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/text/rule_words.h"

namespace fwagent::client {
namespace {

using fwagent::v1::FilterRule;

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
  auto rule = text::ReadFilterRule(words);
  if (rule.ok() && has_order) rule->set_order(order);
  return rule;
}

}  // namespace

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
