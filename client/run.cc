#include "client/run.h"

#include <unistd.h>

#include <iostream>
#include <variant>

#include "absl/time/clock.h"
#include "client/agent.h"
#include "client/arguments.h"
#include "client/connection.h"
#include "client/failure.h"
#include "client/renderer.h"
#include "client/version.h"

namespace fwagent::client {
namespace {

std::unique_ptr<Renderer> MakeRenderer(const Arguments& arguments,
                                       const Surroundings& surroundings,
                                       std::ostream& out, std::ostream& err) {
  if (arguments.output == OutputFormat::kJson) {
    return MakeJsonRenderer(out, err);
  }
  const bool watch = arguments.watch.has_value();
  return MakeTextRenderer(
      {arguments.all_counters, watch && surroundings.terminal, watch,
       surroundings.clock.now},
      out, err);
}

Outcome Execute(const Arguments& arguments, const Surroundings& surroundings,
                Renderer& renderer, std::ostream& out, std::ostream& err) {
  const std::string address = arguments.address.ToString();
  const auto channel =
      surroundings.connect(arguments.address, arguments.timeout);
  if (!channel.ok()) {
    if (arguments.command == Command::kVersion) {
      renderer.Versions(ClientVersion(), nullptr);
    }
    return ConnectFailure(address, channel.status());
  }
  const Agent agent(*channel, address, arguments.timeout);
  const bool shows_progress =
      surroundings.error_terminal && arguments.output == OutputFormat::kText;
  return RunCommand({arguments, agent, renderer, out, surroundings.clock,
                     shows_progress ? &err : nullptr,
                     surroundings.progress_delay});
}

// Whatever else happened, output that was lost is reported.
int Finish(Outcome outcome, Renderer& renderer, std::ostream& out) {
  const Outcome output = CheckOutput(out);
  if (!outcome.has_value()) outcome = output;
  if (!outcome.has_value()) return static_cast<int>(ExitCode::kDone);
  renderer.Failed(*outcome);
  return static_cast<int>(outcome->exit_code);
}

// Connect, keeping the channel open until the process ends. Closing the last
// channel stops gRPC and waits for its threads, which takes longer than the
// call itself.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectForGood(
    const Address& address, absl::Duration timeout) {
  static auto* const kept = new std::shared_ptr<grpc::Channel>();
  auto channel = Connect(address, timeout);
  if (channel.ok()) *kept = *channel;
  return channel;
}

}  // namespace

Surroundings RealSurroundings() {
  const auto sleep = [](absl::Duration duration) {
    absl::SleepFor(duration);
    return true;
  };
  return {.connect = ConnectForGood, .clock = {absl::Now, sleep}};
}

int RunFwctl(const std::vector<std::string>& args, std::ostream& out,
             std::ostream& err, const Surroundings& surroundings) {
  const Invocation invocation = ParseArguments(args);
  if (const auto* usage = std::get_if<UsageError>(&invocation)) {
    Arguments arguments;
    arguments.output = usage->output;
    return Finish(usage->failure,
                  *MakeRenderer(arguments, surroundings, out, err), out);
  }
  if (const auto* help = std::get_if<Help>(&invocation)) {
    out << help->text;
    return Finish(std::nullopt, *MakeTextRenderer({}, out, err), out);
  }
  const auto& arguments = std::get<Arguments>(invocation);
  const std::unique_ptr<Renderer> renderer =
      MakeRenderer(arguments, surroundings, out, err);
  return Finish(Execute(arguments, surroundings, *renderer, out, err),
                *renderer, out);
}

int RunFwctl(const std::vector<std::string>& args, std::ostream& out,
             std::ostream& err) {
  Surroundings surroundings = RealSurroundings();
  surroundings.terminal = &out == &std::cout && isatty(STDOUT_FILENO) != 0;
  surroundings.error_terminal =
      &err == &std::cerr && isatty(STDERR_FILENO) != 0;
  return RunFwctl(args, out, err, surroundings);
}

}  // namespace fwagent::client
