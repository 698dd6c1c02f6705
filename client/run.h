// The whole of fwctl, as a function.
#ifndef FWAGENT_CLIENT_RUN_H_
#define FWAGENT_CLIENT_RUN_H_

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/address.h"
#include "client/commands.h"

namespace fwagent::client {

// What a run touches beside its streams.
struct Surroundings {
  using ConnectFunction =
      std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>(
          const Address&, absl::Duration timeout)>;

  ConnectFunction connect;
  WatchClock clock;
  // Whether `out` is a terminal, where a watch may redraw.
  bool terminal = false;
  // Whether `err` is one, where progress is shown.
  bool error_terminal = false;
  // Of commands that take longer than this.
  absl::Duration progress_delay = absl::Seconds(1);
};

// The network, the clock, and no terminal.
Surroundings RealSurroundings();

// Runs one command line (without the program's name): results to `out`,
// failures to `err`. Returns one of ExitCode. FWCTL_ADDRESS is read.
int RunFwctl(const std::vector<std::string>& args, std::ostream& out,
             std::ostream& err, const Surroundings& surroundings);

// The same in the real world, where `out` is standard output.
int RunFwctl(const std::vector<std::string>& args, std::ostream& out,
             std::ostream& err);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_RUN_H_
