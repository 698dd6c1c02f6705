// The command line of `fwctl set`.
#ifndef FWAGENT_CLIENT_SET_OPTIONS_H_
#define FWAGENT_CLIENT_SET_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/arguments.h"
#include "client/end_words.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
class Option;
}  // namespace CLI

namespace fwagent::client {

// Fills in `arguments`, which must outlive the parser.
class SetOptions {
 public:
  SetOptions(CLI::App& app, Arguments& arguments);

  // After the parse of a command of sets: what CLI11 cannot say.
  absl::Status Understand();

 private:
  CLI::App* Add(CLI::App* set, Command command, const char* name,
                const char* description);
  void AddEntryCommands(CLI::App* set);
  void AddImport(CLI::App* set);
  void AddReads(CLI::App* set);
  void AddNew(CLI::App* app, const char* default_ttl);
  void AddUpdate(CLI::App* set);
  void AddAction(CLI::App* app, const char* description);
  void AddEnds(CLI::App* app);
  void AddChange(CLI::App* app);

  Arguments& arguments_;
  std::vector<const CLI::Option*> prefixes_;  // of each command that has them
  std::string action_;
  EndWords ends_;
  std::optional<std::string> default_ttl_;
  bool no_default_ttl_ = false;
};

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_SET_OPTIONS_H_
