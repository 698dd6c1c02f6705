// The command line of what adds rules and lifts them.
#ifndef FWAGENT_CLIENT_RULE_OPTIONS_H_
#define FWAGENT_CLIENT_RULE_OPTIONS_H_

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

// The options of every change.
void AddChangeOptions(CLI::App* app, Arguments& arguments);

// Fills in `arguments`, which must outlive the parser.
class RuleOptions {
 public:
  RuleOptions(CLI::App& app, Arguments& arguments);

  // After the parse of one of these commands: what CLI11 cannot say.
  absl::Status Understand();

 private:
  CLI::App* Add(CLI::App& app, Command command, const char* name,
                const char* description);
  void AddSources(CLI::App* app);
  void AddPorts(CLI::App* app);
  void AddForNew(CLI::App* app);
  void AddForLifting(CLI::App* app);
  absl::Status UnderstandSources();
  absl::Status UnderstandPorts();

  Arguments& arguments_;
  std::vector<const CLI::Option*> prefixes_;  // of each command that has them
  std::vector<std::string> without_empty_;    // what CLI11 makes of them
  std::string ports_;
  EndWords ends_;
};

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_RULE_OPTIONS_H_
