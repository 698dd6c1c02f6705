#include "client/set_options.h"

#include <CLI/CLI.hpp>

#include "agent/text/duration.h"
#include "agent/text/set_action.h"
#include "client/rule_options.h"

namespace fwagent::client {

SetOptions::SetOptions(CLI::App& app, Arguments& arguments)
    : arguments_(arguments) {
  CLI::App* set = app.add_subcommand(
      "set", "Named lists of prefixes that are blocked or allowed");
  set->require_subcommand(1);
  set->fallthrough();
  CLI::App* create =
      Add(set, Command::kSetCreate, "create", "Make a set without entries");
  // An import has a --ttl for its entries.
  AddNew(create, "--ttl,--default-ttl");
  AddChange(create);
  create->add_flag("--exist-ok", arguments_.tolerate_unchanged,
                   "Succeed if there is one with this action");
  CLI::App* remove = Add(set, Command::kSetDelete, "delete",
                         "Delete a set with all of its entries");
  AddChange(remove);
  remove->add_flag("--missing-ok", arguments_.tolerate_unchanged,
                   "Succeed if there is no such set");
  AddUpdate(set);
  AddEntryCommands(set);
  AddImport(set);
  AddReads(set);
}

CLI::App* SetOptions::Add(CLI::App* set, Command command, const char* name,
                          const char* description) {
  CLI::App* app = set->add_subcommand(name, description);
  app->fallthrough();
  app->callback([this, command] { arguments_.command = command; });
  if (command != Command::kSetList && command != Command::kSetCheck) {
    app->add_option("NAME", arguments_.set.name, "The set")->required();
  }
  return app;
}

void SetOptions::AddAction(CLI::App* app, const char* description) {
  app->add_option("--action", action_, description)
      ->check(CLI::IsMember(text::SetActionNames()));
}

void SetOptions::AddUpdate(CLI::App* set) {
  CLI::App* update = Add(set, Command::kSetUpdate, "update",
                         "Give a set another action, comment or default TTL");
  AddAction(update, "What becomes of packets from now on");
  update->add_option("--comment", arguments_.set.new_comment,
                     "Text kept with the set");
  CLI::Option* ttl = update->add_option(
      "--ttl,--default-ttl", default_ttl_,
      "How long entries last that come without an end, as in 1d");
  update
      ->add_flag("--no-default-ttl", no_default_ttl_,
                 "Entries that come without an end are to last for ever")
      ->excludes(ttl);
  AddChange(update);
}

void SetOptions::AddNew(CLI::App* app, const char* default_ttl) {
  AddAction(app, "What becomes of packets; of a new set block");
  app->add_option("--comment", arguments_.comment, "Text kept with a new set");
  app->add_option(default_ttl, default_ttl_,
                  "Of a new set: how long entries last that come without an "
                  "end, as in 1d");
}

void SetOptions::AddEnds(CLI::App* app) {
  CLI::Option* ttl = app->add_option(
      "--ttl", ends_.ttl, "End them after this, as in 90s, 10m, 1h30m, 7d");
  CLI::Option* until =
      app->add_option("--until", ends_.until,
                      "End them then, as in 2026-12-01T12:00:00Z")
          ->excludes(ttl);
  app->add_flag("--permanent", arguments_.set.permanent,
                "Never end them, whatever the set's default is")
      ->excludes(ttl)
      ->excludes(until);
}

void SetOptions::AddChange(CLI::App* app) {
  app->add_option("--owner", arguments_.owner,
                  "Whose set it is; without it cli");
  AddChangeOptions(app, arguments_);
}

void SetOptions::AddEntryCommands(CLI::App* set) {
  CLI::App* add = Add(set, Command::kSetAdd, "add", "Put prefixes into a set");
  CLI::App* remove =
      Add(set, Command::kSetRemove, "remove", "Take prefixes out of a set");
  for (CLI::App* app : {add, remove}) {
    std::vector<std::string>* words = &arguments_.set.words;
    prefixes_.push_back(app->add_option("PREFIX", *words,
                                        "192.0.2.1, 192.0.2.0/24, "
                                        "2001:db8::/32"));
    app->add_option("-f,--file", arguments_.file,
                    "More of them, one on a line; - for standard input");
    AddChange(app);
  }
  AddEnds(add);
  remove->add_flag("--missing-ok", arguments_.tolerate_unchanged,
                   "Leave out those that are not in the set");
  AddChange(
      Add(set, Command::kSetFlush, "flush", "Take everything out of a set"));
}

void SetOptions::AddImport(CLI::App* set) {
  CLI::App* import =
      Add(set, Command::kSetImport, "import",
          "Fill a set from a list, at one instant; make it if need be");
  import
      ->add_option("FILE", arguments_.file,
                   "A prefix on each line, `ipset save`, nft or Spamhaus JSON; "
                   "- for standard input")
      ->required();
  import->add_flag("--add", arguments_.set.add,
                   "Keep the entries that are there");
  import->add_flag("--skip-invalid", arguments_.set.skip_invalid,
                   "Leave out lines that cannot be read, and say which");
  import->add_flag("-q,--quiet", arguments_.set.quiet,
                   "Show no progress, also on a terminal");
  AddEnds(import);
  AddNew(import, "--default-ttl");
  AddChange(import);
}

void SetOptions::AddReads(CLI::App* set) {
  CLI::App* list = Add(set, Command::kSetList, "list",
                       "List the sets, or the entries of one");
  list->add_option("NAME", arguments_.set.name, "The set");
  CLI::App* check = Add(set, Command::kSetCheck, "check",
                        "Find the sets that an address is in");
  check->add_option("ADDRESS", arguments_.set.name, "Or a prefix")->required();
}

absl::Status SetOptions::Understand() {
  arguments_.set.action = text::SetActionNamed(action_).value_or(
      fwagent::v1::SET_ACTION_UNSPECIFIED);
  absl::Status end = UnderstandEnd(ends_, arguments_);
  if (!end.ok()) return end;
  if (default_ttl_.has_value()) {
    const auto ttl = text::ReadTtl("--default-ttl", *default_ttl_);
    if (!ttl.ok()) return ttl.status();
    arguments_.set.default_ttl = *ttl;
  }
  if (no_default_ttl_) arguments_.set.default_ttl = absl::ZeroDuration();
  if (arguments_.command == Command::kSetUpdate && action_.empty() &&
      !arguments_.set.new_comment.has_value() &&
      !arguments_.set.default_ttl.has_value()) {
    return absl::InvalidArgumentError(
        "--action, --comment, --ttl or --no-default-ttl is required");
  }
  for (const CLI::Option* prefixes : prefixes_) {
    for (const std::string& text : prefixes->results()) {
      arguments_.prefixes.push_back(text);
    }
  }
  const bool needs_prefixes = arguments_.command == Command::kSetAdd ||
                              arguments_.command == Command::kSetRemove;
  if (!needs_prefixes || !arguments_.prefixes.empty() ||
      !arguments_.file.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "PREFIX is required, or --file with a list of them");
}

}  // namespace fwagent::client
