#include "client/policy_options.h"

#include <CLI/CLI.hpp>

#include "client/rule_options.h"

namespace fwagent::client {
namespace {

CLI::App* Add(CLI::App& app, Arguments& arguments, Command command,
              const char* name, const char* description) {
  CLI::App* added = app.add_subcommand(name, description);
  added->fallthrough();
  added->callback([&arguments, command] { arguments.command = command; });
  return added;
}

void AddDocument(CLI::App* app, Arguments& arguments) {
  app->add_option("-f,--file", arguments.file,
                  "The document, YAML or JSON; - for standard input")
      ->required();
  app->add_option("--owner", arguments.owner,
                  "Of a document that names none; without it cli");
}

}  // namespace

void AddPolicyCommands(CLI::App& app, Arguments& arguments) {
  CLI::App* apply = Add(app, arguments, Command::kApply, "apply",
                        "Make what an owner has exactly what is in a document");
  AddDocument(apply, arguments);
  AddChangeOptions(apply, arguments);
  apply->add_flag("--dry-run", arguments.validate_only,
                  "Only show what would be changed");
  apply->add_flag("-q,--quiet", arguments.set.quiet,
                  "Show no progress, also on a terminal");
  CLI::App* diff = Add(app, arguments, Command::kDiff, "diff",
                       "Show what applying a document would change; exit with "
                       "1 if that is anything");
  AddDocument(diff, arguments);
  CLI::App* dump = Add(app, arguments, Command::kExport, "export",
                       "Write what an owner has as a document");
  CLI::Option* owner =
      dump->add_option("--owner", arguments.owner, "Whose; without it cli's");
  dump->add_flag("--all-owners", arguments.all_owners,
                 "A document for each owner")
      ->excludes(owner);
}

}  // namespace fwagent::client
