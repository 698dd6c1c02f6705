// Start-up, step by step, and the wait for the signal to end.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "agent/arguments.h"
#include "agent/core/engine.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/service/server.h"
#include "agent/store/sqlite_store.h"
#include "agent/util/log.h"
#include "agent/util/status_macros.h"

namespace fwagent {
namespace {

// Signals that end the agent are waited for, by every thread's leave.
sigset_t BlockSignals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  // A peer or a disk limit is an error of one call, not our end.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  return ends;
}

void LogAttached(const dataplane::AttachResult& result) {
  const dataplane::InterfaceState& state = result.state;
  spdlog::info("{}: {} in {} mode{}", state.name,
               result.taken_over ? "took over the running filter" : "attached",
               dataplane::ModeName(state.mode),
               state.detail.empty() ? "" : " (" + state.detail + ")");
}

// All of them or none: what this start attached before one failed is taken off
// again, since nobody would be there to do it. What ran before goes on.
absl::Status AttachAll(const Config& config, core::Engine& engine) {
  std::vector<std::string> attached;
  for (const std::string& name : config.interfaces) {
    const auto result = engine.Attach(name, config.mode);
    if (!result.ok()) {
      if (attached.empty()) return result.status();
      const auto undone = engine.Detach(attached, "a start that failed");
      if (!undone.ok()) spdlog::error(util::ToLogText(undone.status()));
      return result.status();
    }
    LogAttached(*result);
    if (!result->taken_over) attached.push_back(name);
  }
  return absl::OkStatus();
}

absl::Status Run(const Config& config) {
  FW_RETURN_IF_ERROR(util::InitLog(config.log_level));
  spdlog::info("fwagent {}", FW_VERSION);
  const sigset_t ends = BlockSignals();

  FW_ASSIGN_OR_RETURN(auto store, store::SqliteStore::Open(config.state_dir));
  spdlog::info("state in {}", config.state_dir);
  FW_ASSIGN_OR_RETURN(auto sockets,
                      service::Sockets::Open(config.socket_options()));
  FW_ASSIGN_OR_RETURN(
      auto data_plane,
      dataplane::LibbpfDataPlane::Open({.pin_dir = config.pin_dir,
                                        .max_sources = config.max_sources,
                                        .packets = config.packets,
                                        .packets_of = config.packets_of()}));
  spdlog::info("kernel tables in {}", config.pin_dir);
  FW_ASSIGN_OR_RETURN(auto engine,
                      core::Engine::Start(store.get(), data_plane.get(),
                                          [] { return absl::Now(); }));
  FW_RETURN_IF_ERROR(AttachAll(config, *engine));
  FW_ASSIGN_OR_RETURN(
      auto server,
      service::Server::Start(engine.get(), FW_VERSION, std::move(sockets)));
  sd_notify(0, "READY=1");
  spdlog::info("ready");

  int received = 0;
  sigwait(&ends, &received);
  sd_notify(0, "STOPPING=1");
  spdlog::info("signal {}: stopping; what is filtered stays filtered",
               received);
  return absl::OkStatus();
}

}  // namespace
}  // namespace fwagent

int main(int argc, char** argv) {
  const auto invocation = fwagent::ParseArguments(argc, argv);
  absl::Status status = invocation.status();
  if (status.ok()) {
    if (invocation->exit_code.has_value()) return *invocation->exit_code;
    if (invocation->check_only) {
      std::puts("the configuration is right");
      return 0;
    }
    status = fwagent::Run(invocation->config);
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "fwagent: %s\n", std::string(status.message()).c_str());
  return 1;
}
