#include "client/policy_changes_text.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/text/printable.h"
#include "agent/text/rule_words.h"
#include "agent/text/set_action.h"
#include "client/rule_text.h"
#include "client/set_texts.h"

namespace fwagent::client {
namespace {

using fwagent::v1::Rule;
using fwagent::v1::RuleChange;
using fwagent::v1::SetChange;

std::string WhatOf(const Rule& rule) {
  if (rule.has_filter()) {
    return absl::StrCat("order ", rule.filter().order(), ": ",
                        text::RuleText(rule.filter()));
  }
  return absl::StrCat(ActionText(rule), " ", MatchText(rule));
}

std::string EndOf(const Rule& rule) {
  return rule.has_expire_time() ? TimeText(rule.expire_time()) : "never";
}

std::string Described(const Rule& rule) {
  std::string text = WhatOf(rule);
  if (rule.has_expire_time()) absl::StrAppend(&text, ", ends ", EndOf(rule));
  if (!rule.comment().empty()) {
    absl::StrAppend(&text, ", ", text::JsonQuoted(rule.comment()));
  }
  return text;
}

// "order 10 -> 20"; nothing where both are the same.
void AddDifference(const char* what, const std::string& before,
                   const std::string& after, std::vector<std::string>& parts) {
  if (before == after) return;
  parts.push_back(absl::StrCat(what, " ", before, " -> ", after));
}

// What is another at the same rule.
std::string Differences(const Rule& before, const Rule& after) {
  std::vector<std::string> parts;
  AddDifference("order", absl::StrCat(before.filter().order()),
                absl::StrCat(after.filter().order()), parts);
  AddDifference("ends", EndOf(before), EndOf(after), parts);
  AddDifference("comment", text::JsonQuoted(before.comment()),
                text::JsonQuoted(after.comment()), parts);
  if (parts.empty()) parts.emplace_back("judged behind others of its order");
  return absl::StrJoin(parts, ", ");
}

template <typename Change>
const char* SignOf(const Change& change) {
  if (!change.has_before()) return "+ ";
  return change.has_after() ? "~ " : "- ";
}

std::string LineOf(const RuleChange& change) {
  const Rule& rule = change.has_after() ? change.after() : change.before();
  std::string line = absl::StrCat(SignOf(change), rule.owner(), ": ");
  if (change.has_before() && change.has_after()) {
    absl::StrAppend(&line, WhatOf(rule), ": ",
                    Differences(change.before(), change.after()));
  } else {
    absl::StrAppend(&line, Described(rule));
  }
  return line;
}

std::string LineOf(const SetChange& change) {
  const fwagent::v1::Set& set =
      change.has_after() ? change.after() : change.before();
  std::vector<std::string> parts;
  const auto count = [&parts](std::uint64_t number, const char* what) {
    if (number > 0) parts.push_back(absl::StrCat(EntriesText(number), what));
  };
  count(change.added(), " in");
  count(change.removed(), " out");
  count(change.changed(), " with another end");
  if (change.has_before() && change.has_after()) {
    const fwagent::v1::Set& before = change.before();
    AddDifference("action", text::SetActionName(before.action()),
                  text::SetActionName(set.action()), parts);
    AddDifference("comment", text::JsonQuoted(before.comment()),
                  text::JsonQuoted(set.comment()), parts);
    AddDifference("default TTL", DefaultTtlText(before), DefaultTtlText(set),
                  parts);
  }
  if (parts.empty()) parts.emplace_back("no entries");
  return absl::StrCat(SignOf(change), set.owner(), ": set ", set.name(), " (",
                      text::SetActionName(set.action()),
                      "): ", absl::StrJoin(parts, ", "));
}

}  // namespace

std::string ChangeLines(const fwagent::v1::ApplyPolicyResponse& response) {
  std::vector<std::string> lines;
  for (const RuleChange& change : response.rules()) {
    lines.push_back(text::Printable(LineOf(change)));
  }
  const std::uint64_t all = response.rules_added() + response.rules_removed() +
                            response.rules_changed();
  const auto named = static_cast<std::uint64_t>(response.rules_size());
  if (all > named) {
    lines.push_back(absl::StrCat("  and ", all - named, " more rules"));
  }
  for (const SetChange& change : response.sets()) {
    lines.push_back(text::Printable(LineOf(change)));
  }
  return absl::StrJoin(lines, "\n");
}

std::string ChangeCounts(const fwagent::v1::ApplyPolicyResponse& response) {
  std::vector<std::string> parts;
  const auto count = [&parts](std::uint64_t number, const char* one,
                              const char* many, const char* what) {
    if (number > 0) {
      parts.push_back(absl::StrCat(CountText(number, one, many), what));
    }
  };
  count(response.rules_added(), "rule", "rules", " added");
  count(response.rules_removed(), "rule", "rules", " removed");
  count(response.rules_changed(), "rule", "rules", " changed");
  count(static_cast<std::uint64_t>(response.sets_size()), "set", "sets",
        " changed");
  return absl::StrJoin(parts, ", ");
}

}  // namespace fwagent::client
