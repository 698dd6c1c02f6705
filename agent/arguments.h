// The agent's command line.
#ifndef FWAGENT_AGENT_ARGUMENTS_H_
#define FWAGENT_AGENT_ARGUMENTS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "agent/config.h"
#include "agent/core/change.h"

namespace fwagent {

inline constexpr char kDefaultConfigFile[] = "/etc/fwagent/fwagent.yaml";

// What is to be done: run with `config`, or exit at once.
struct Invocation {
  Config config;
  // The store is damaged and shall be recovered before all else.
  std::optional<core::RecoverFrom> recover;
  // The store is a newer agent's, and its copy of before shall be used.
  bool go_back = false;
  bool check_only = false;       // say whether the configuration is right
  std::optional<int> exit_code;  // help, version or a wrong flag: was printed
};

// Reads flags and the configuration file that they or the default name. Help,
// version and usage errors (exit code 2) are printed here. An error is one of
// the configuration.
absl::StatusOr<Invocation> ParseArguments(int argc, char** argv);

}  // namespace fwagent

#endif  // FWAGENT_AGENT_ARGUMENTS_H_
