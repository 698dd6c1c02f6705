#include "client/filter_options.h"

#include <CLI/CLI.hpp>

#include "agent/text/duration.h"
#include "client/rule_options.h"

namespace fwagent::client {

FilterOptions::FilterOptions(CLI::App& app, Arguments& arguments)
    : arguments_(arguments) {
  CLI::App* rule = app.add_subcommand(
      "rule", "Rules that are judged in order: the first match decides");
  rule->require_subcommand(1);
  rule->fallthrough();
  AddAdd(rule);
  AddRemove(rule);
  CLI::App* list = Add(rule, Command::kFilterList, "list",
                       "List them in the order in which they are judged");
  list->add_option("--owner", arguments_.owner, "Only those of this owner");
}

CLI::App* FilterOptions::Add(CLI::App* rule, Command command, const char* name,
                             const char* description) {
  CLI::App* app = rule->add_subcommand(name, description);
  app->fallthrough();
  app->callback([this, command] { arguments_.command = command; });
  return app;
}

void FilterOptions::AddAdd(CLI::App* rule) {
  CLI::App* add = Add(rule, Command::kFilterAdd, "add", "Add a rule");
  add->add_option("RULE", arguments_.filter.words,
                  "drop, pass, reject or limit, and what it matches, as in: "
                  "drop from 10.0.0.0/8 proto tcp dport 22,80-90");
  add->add_option("-f,--file", arguments_.file,
                  "Rules, one on a line; - for standard input");
  add->add_option("--order", arguments_.filter.order,
                  "Its place: lower ones are judged first; without it 1000");
  add->add_option("--comment", arguments_.comment, "Text kept with the rule");
  add->add_option("--owner", arguments_.owner,
                  "Whose rule it is; without it cli");
  CLI::Option* ttl = add->add_option(
      "--ttl", ttl_, "End it after this, as in 90s, 10m, 1h30m, 7d");
  add->add_option("--until", until_, "End it then, as in 2026-12-01T12:00:00Z")
      ->excludes(ttl);
  add->add_flag("--renew", arguments_.renew,
                "If the owner has it already, give it this end");
  add->add_flag("--exist-ok", arguments_.tolerate_unchanged,
                "Succeed if the owner has it already");
  AddChangeOptions(add, arguments_);
}

void FilterOptions::AddRemove(CLI::App* rule) {
  CLI::App* remove = Add(rule, Command::kFilterRemove, "remove",
                         "Remove rules, by their numbers or their words");
  remove
      ->add_option("ID|RULE", arguments_.filter.words,
                   "Numbers as rule list shows them, or a rule as it was added")
      ->required();
  remove->add_option("--order", arguments_.filter.order,
                     "The place of the rule that the words say");
  remove->add_option("--owner", arguments_.owner,
                     "Whose rule the words say; without it cli");
  remove->add_flag("--missing-ok", arguments_.tolerate_unchanged,
                   "Succeed if it is not there");
  AddChangeOptions(remove, arguments_);
}

absl::Status FilterOptions::Understand() {
  if (arguments_.command == Command::kFilterAdd &&
      arguments_.filter.words.empty() == arguments_.file.empty()) {
    return absl::InvalidArgumentError(
        "give one rule, as in: fwctl rule add drop from 192.0.2.0/24 proto tcp "
        "dport 22; or --file with a list of them");
  }
  if (ttl_.has_value()) {
    const auto ttl = text::ReadTtl("--ttl", *ttl_);
    if (!ttl.ok()) return ttl.status();
    arguments_.ttl = *ttl;
  }
  if (until_.has_value()) {
    const auto until = text::ReadTime("--until", *until_);
    if (!until.ok()) return until.status();
    arguments_.until = *until;
  }
  return absl::OkStatus();
}

}  // namespace fwagent::client
