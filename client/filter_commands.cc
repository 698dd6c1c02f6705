// fwctl rule ...
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/text/printable.h"
#include "agent/text/rule_words.h"
#include "client/block_fields.h"
#include "client/change_fields.h"
#include "client/commands.h"
#include "client/filter_rule_text.h"
#include "client/pages.h"

namespace fwagent::client {
namespace {

using fwagent::v1::ChangeRulesRequest;
using fwagent::v1::FilterRule;
using Stub = Agent::Stub;

// More than there can be rules.
constexpr std::size_t kMostRules = 10'000;

// What is to be added or removed, and where it was written.
struct Wanted {
  ChangeRulesRequest request;
  std::vector<ListedPrefix> places;
};

ChangeRulesRequest Begin(const Arguments& arguments) {
  ChangeRulesRequest request;
  FillChange(arguments, &request);
  request.set_owner(arguments.owner);
  request.set_skip_satisfied(arguments.tolerate_unchanged);
  return request;
}

void SetOrder(const Arguments& arguments, FilterRule* rule) {
  if (arguments.filter.order.has_value() && !rule->has_order()) {
    rule->set_order(*arguments.filter.order);
  }
}

absl::StatusOr<Wanted> Additions(const Arguments& arguments) {
  std::vector<ListedRule> rules;
  if (arguments.file.empty()) {
    auto rule = text::ReadFilterRule(arguments.filter.words);
    if (!rule.ok()) return rule.status();
    rules.push_back({*rule, {.text = text::RuleText(*rule), .place = ""}});
  } else {
    auto listed = ReadFilterRuleFile(arguments.file, kMostRules);
    if (!listed.ok()) return listed.status();
    rules = *std::move(listed);
  }
  Wanted wanted{.request = Begin(arguments), .places = {}};
  for (const ListedRule& listed : rules) {
    auto* edit = wanted.request.add_edits();
    *edit->mutable_add() = listed.rule;
    SetOrder(arguments, edit->mutable_add());
    FillBlock(arguments, edit);
    wanted.places.push_back(listed.place);
  }
  return wanted;
}

absl::StatusOr<Wanted> Removals(const Arguments& arguments) {
  Wanted wanted{.request = Begin(arguments), .places = {}};
  const std::vector<std::string>& words = arguments.filter.words;
  std::uint64_t id = 0;
  if (!absl::SimpleAtoi(words.front(), &id)) {
    auto rule = text::ReadFilterRule(words);
    if (!rule.ok()) return rule.status();
    SetOrder(arguments, &*rule);
    *wanted.request.add_edits()->mutable_remove() = *rule;
    wanted.places.push_back({.text = text::RuleText(*rule), .place = ""});
    return wanted;
  }
  for (const std::string& word : words) {
    if (!absl::SimpleAtoi(word, &id)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", word, "\" is not the number of a rule: see fwctl rule list"));
    }
    wanted.request.add_edits()->set_remove_id(id);
    wanted.places.push_back({.text = absl::StrCat("rule ", word), .place = ""});
  }
  return wanted;
}

Outcome Change(const CommandContext& context, const Wanted& wanted) {
  const Arguments& arguments = context.arguments;
  const bool adds = arguments.command == Command::kFilterAdd;
  if (wanted.request.edits().empty()) {
    context.renderer.Unchanged("the list is empty");
    return std::nullopt;
  }
  fwagent::v1::ChangeRulesResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::ChangeRules, wanted.request, &response);
  if (!status.ok()) {
    Failure failure = context.agent.ChangeFailure(status);
    NameLines("edits[", wanted.places, failure);
    return failure;
  }
  const char* verb = adds ? "add" : "remove";
  std::string text = arguments.validate_only ? absl::StrCat("would ", verb)
                                             : (adds ? "added" : "removed");
  if (response.rules_size() == 1) {
    const fwagent::v1::Rule& rule = response.rules(0);
    absl::StrAppend(&text, " ", text::Printable(text::RuleText(rule.filter())));
    if (rule.id() != 0) absl::StrAppend(&text, " (rule ", rule.id(), ")");
  } else {
    absl::StrAppend(&text, " ", response.rules_size(), " rules");
  }
  const int rest = wanted.request.edits_size() - response.rules_size();
  if (rest > 0) {
    absl::StrAppend(&text, "; ", rest, rest == 1 ? " was " : " were ",
                    adds ? "there already" : "not there");
  }
  context.renderer.Said(text, response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

Outcome List(const CommandContext& context) {
  const std::string& owner = context.arguments.owner;
  fwagent::v1::ListRulesResponse all;
  fwagent::v1::ListRulesResponse page;
  const auto keep = [&](const fwagent::v1::ListRulesResponse& one) {
    for (const fwagent::v1::Rule& rule : one.rules()) {
      if (!rule.has_filter()) continue;
      if (owner.empty() || rule.owner() == owner) *all.add_rules() = rule;
    }
  };
  if (Outcome failure =
          ReadPages(context, &Stub::ListRules, fwagent::v1::ListRulesRequest(),
                    page, keep)) {
    return failure;
  }
  std::sort(all.mutable_rules()->begin(), all.mutable_rules()->end(),
            [](const fwagent::v1::Rule& a, const fwagent::v1::Rule& b) {
              return std::pair(a.filter().order(), a.id()) <
                     std::pair(b.filter().order(), b.id());
            });
  all.set_total_size(static_cast<std::uint64_t>(all.rules_size()));
  all.set_generation(page.generation());
  context.renderer.FilterRules(all);
  return std::nullopt;
}

}  // namespace

Outcome RunFilter(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (arguments.command == Command::kFilterList) return List(context);
  const auto wanted = arguments.command == Command::kFilterAdd
                          ? Additions(arguments)
                          : Removals(arguments);
  if (!wanted.ok()) return InputFailure(std::string(wanted.status().message()));
  return Change(context, *wanted);
}

}  // namespace fwagent::client
