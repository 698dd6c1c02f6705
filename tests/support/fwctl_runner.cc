#include "tests/support/fwctl_runner.h"

#include <sstream>

#include "client/connection.h"

namespace fwagent::testing {

FwctlRunner::FwctlRunner() {
  surroundings_.connect = client::Connect;
  surroundings_.clock.now = [this] { return now_; };
  surroundings_.clock.pause = [this](absl::Duration duration) {
    pauses_.push_back(duration);
    now_ += duration;
    return true;
  };
}

FwctlResult FwctlRunner::Run(const FakeAgent& agent,
                             std::vector<std::string> args) {
  args.insert(args.begin(), {"--address", agent.address()});
  return Run(args);
}

FwctlResult FwctlRunner::Run(const std::vector<std::string>& args) {
  std::ostringstream out, err;
  FwctlResult result;
  result.exit_code = client::RunFwctl(args, out, err, surroundings_);
  result.out = out.str();
  result.err = err.str();
  return result;
}

}  // namespace fwagent::testing
