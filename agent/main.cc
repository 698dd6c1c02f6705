// Start-up, step by step, and the wait for the signal to end.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/arguments.h"
#include "agent/core/boot_timer.h"
#include "agent/core/clocks.h"
#include "agent/core/engine.h"
#include "agent/core/expiry_worker.h"
#include "agent/core/interface_keeper.h"
#include "agent/core/interface_watch.h"
#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/dataplane/link_watcher.h"
#include "agent/service/lifelines.h"
#include "agent/service/policy_files.h"
#include "agent/service/policy_watch.h"
#include "agent/service/server.h"
#include "agent/store/schema.h"
#include "agent/store/sqlite_recovery.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/state_directory.h"
#include "agent/util/log.h"
#include "agent/util/memory.h"
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

// Shown by "systemctl status".
void TellSystemd(const std::string& trouble) {
  sd_notify(
      0, absl::StrCat("STATUS=", trouble.empty() ? "ready" : trouble).c_str());
}

absl::StatusOr<std::unique_ptr<store::SqliteStore>> OpenStore(
    const std::shared_ptr<const store::StateDirectory>& state,
    store::SqliteRecovery& recovery, bool go_back) {
  auto store = store::SqliteStore::Open(state);
  if (!go_back) return store;
  if (store::IsNewerSchema(store.status())) return recovery.FromSchemaCopy();
  return absl::FailedPreconditionError(
      "--recover schema-copy: the store is not of a newer fwagent; start "
      "without it");
}

// Read-only where the store cannot be read and is not to be recovered.
absl::StatusOr<std::unique_ptr<core::Engine>> StartEngine(
    absl::StatusOr<std::unique_ptr<store::SqliteStore>>& store,
    store::Recovery& recovery, dataplane::DataPlane& data_plane,
    std::optional<core::RecoverFrom> recover) {
  const core::Clocks clocks = core::HostClocks();
  absl::Status unreadable = store.status();
  if (store.ok()) {
    auto engine = core::Engine::Start(store->get(), &data_plane, clocks);
    if (engine.ok() && recover.has_value()) {
      return absl::FailedPreconditionError(
          "--recover: the store is sound; start without it");
    }
    if (!store::IsUnreadable(engine.status())) return engine;
    unreadable = engine.status();
    store->reset();
  }
  auto engine =
      core::Engine::StartReadOnly(unreadable, &recovery, &data_plane, clocks);
  if (recover.has_value()) {
    FW_RETURN_IF_ERROR(engine->Recover(*recover, "--recover").status());
  }
  return engine;
}

service::Lifelines::Options LifelineOptions(const Config& config,
                                            const service::Sockets& sockets) {
  service::Lifelines::Options options;
  options.session_ports = config.session_ports;
  options.failsafe = config.failsafe_entries();
  options.agent_port = sockets.tcp.port();
  return options;
}

service::AgentFacts Facts(const Config& config,
                          const service::PolicyFiles* policy_files) {
  service::AgentFacts facts{.version = FW_VERSION,
                            .policy_files = policy_files};
  for (const policy::FailsafeEntry& entry : config.failsafe_entries()) {
    facts.failsafe.push_back(policy::FailsafeToString(entry));
  }
  return facts;
}

absl::Status Run(const Invocation& invocation) {
  const Config& config = invocation.config;
  FW_RETURN_IF_ERROR(util::InitLog(config.log_level));
  spdlog::info("fwagent {}", FW_VERSION);
  const sigset_t ends = BlockSignals();

  FW_ASSIGN_OR_RETURN(auto directory,
                      store::StateDirectory::Open(config.state_dir));
  const auto state =
      std::make_shared<const store::StateDirectory>(std::move(directory));
  store::SqliteRecovery recovery(state);
  auto store = OpenStore(state, recovery, invocation.go_back);
  if (!store.ok() && !store::IsUnreadable(store.status())) {
    return store.status();
  }
  spdlog::info("state in {}", config.state_dir);
  FW_ASSIGN_OR_RETURN(auto sockets,
                      service::Sockets::Open(config.socket_options()));
  FW_ASSIGN_OR_RETURN(auto data_plane,
                      dataplane::LibbpfDataPlane::Open(
                          {.pin_dir = config.pin_dir,
                           .max_sources = config.max_sources,
                           .packets = config.common_packets(),
                           .packets_of = [&config](const auto& name) {
                             return config.packets_of(name);
                           }}));
  spdlog::info("kernel tables in {}", config.pin_dir);
  FW_ASSIGN_OR_RETURN(auto engine, StartEngine(store, recovery, *data_plane,
                                               invocation.recover));
  FW_ASSIGN_OR_RETURN(auto timer, core::BootTimer::Open());
  // Listens before the first look, so that nothing is missed between the two.
  FW_ASSIGN_OR_RETURN(auto links, dataplane::LinkWatcher::Open());
  core::InterfaceKeeper keeper(
      engine.get(), config.interfaces,
      [&config](const std::string& name) { return config.mode_of(name); });
  FW_RETURN_IF_ERROR(keeper.Start());
  const core::InterfaceWatch watch(&keeper, std::move(links));
  service::Lifelines lifelines(LifelineOptions(config, *sockets));
  service::PolicyFiles policy_files(engine.get(), config.policy, [&lifelines] {
    return lifelines.Of({.text = "file"});
  });
  FW_ASSIGN_OR_RETURN(auto server,
                      service::Server::Start(
                          engine.get(), &keeper, Facts(config, &policy_files),
                          std::move(sockets), [&lifelines](const auto& peer) {
                            return lifelines.Of(peer);
                          }));
  std::optional<service::PolicyWatch> policy_watch;
  if (!config.policy.empty()) policy_watch.emplace(&policy_files);
  // Last, as after a reboot it may have much to write, for which attaching and
  // the first calls would wait.
  const core::ExpiryWorker expiry(engine.get(), std::move(timer));
  engine->OnTrouble(TellSystemd);
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
    fwagent::util::BeginWithLargePages(argv);
    status = fwagent::Run(*invocation);
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "fwagent: %s\n", std::string(status.message()).c_str());
  return 1;
}
