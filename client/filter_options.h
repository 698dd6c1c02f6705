// The command line of `fwctl rule`.
#ifndef FWAGENT_CLIENT_FILTER_OPTIONS_H_
#define FWAGENT_CLIENT_FILTER_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "client/arguments.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}  // namespace CLI

namespace fwagent::client {

// Fills in `arguments`, which must outlive the parser.
class FilterOptions {
 public:
  FilterOptions(CLI::App& app, Arguments& arguments);

  // After the parse of a command of ordered rules: what CLI11 cannot say.
  absl::Status Understand();

 private:
  CLI::App* Add(CLI::App* rule, Command command, const char* name,
                const char* description);
  void AddAdd(CLI::App* rule);
  void AddRemove(CLI::App* rule);

  Arguments& arguments_;
  std::optional<std::string> ttl_;
  std::optional<std::string> until_;
};

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_FILTER_OPTIONS_H_
