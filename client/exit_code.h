// The exit codes of fwctl, a contract with scripts.
#ifndef FWAGENT_CLIENT_EXIT_CODE_H_
#define FWAGENT_CLIENT_EXIT_CODE_H_

namespace fwagent::client {

enum class ExitCode : int {
  // Done, or nothing left to do.
  kDone = 0,
  // The agent refused or failed; a check did not hold; the output could not be
  // written.
  kFailed = 1,
  // The command line cannot be understood; nothing was sent.
  kUsage = 2,
  // No agent answered.
  kUnreachable = 3,
};

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_EXIT_CODE_H_
