// What a client of a real agent sees over the Unix socket, and what a bare gRPC
// server and a bare disk do in the same run.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "tests/support/agent_host.h"

namespace fwagent {
namespace {

using Clock = std::chrono::steady_clock;

double MicrosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start)
      .count();
}

void OrDie(bool ok, const std::string& what) {
  if (ok) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

// Reports the rate and the percentiles of single operations, in microseconds.
void Report(benchmark::State& state, std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  state.counters["p50_us"] = samples[samples.size() / 2];
  state.counters["p99_us"] = samples[samples.size() * 99 / 100];
  state.counters["per_s"] = benchmark::Counter(
      static_cast<double>(samples.size()), benchmark::Counter::kIsRate);
}

// One agent with its state on `parent`; nullptr for the usual temporary folder.
class Agent {
 public:
  explicit Agent(const std::string& state_parent = "") {
    std::vector<std::string> extra = {"--log-level", "info"};
    if (!state_parent.empty()) {
      state_ = std::make_unique<testing::TempDir>(state_parent);
      extra.insert(extra.end(), {"--state-dir", *state_ / "state"});
    }
    OrDie(site_.StartAgent(extra), "the agent does not start");
  }

  testing::AgentHost& site() { return site_; }
  std::unique_ptr<v1::FirewallService::Stub> NewStub() {
    return StubAt(site_.address());
  }
  static std::unique_ptr<v1::FirewallService::Stub> StubAt(
      const std::string& address) {
    grpc::ChannelArguments own;
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::FirewallService::NewStub(grpc::CreateCustomChannel(
        address, grpc::InsecureChannelCredentials(), own));
  }

 private:
  std::unique_ptr<testing::TempDir> state_;
  testing::AgentHost site_;
};

std::string HostAddress(std::uint32_t number) {
  return absl::StrCat("198.", number / 65536, ".", number / 256 % 256, ".",
                      number % 256);
}

// One caller; every call is a new block.
void BlockIP(benchmark::State& state, const std::string& state_parent) {
  Agent agent(state_parent);
  const auto stub = agent.NewStub();
  std::vector<double> samples;
  std::uint32_t number = 0;
  for (auto _ : state) {
    v1::BlockIPRequest request;
    request.mutable_source()->set_text(HostAddress(number++));
    v1::BlockIPResponse response;
    grpc::ClientContext context;
    const auto start = Clock::now();
    const grpc::Status status = stub->BlockIP(&context, request, &response);
    samples.push_back(MicrosecondsSince(start));
    OrDie(status.ok(), status.error_message());
  }
  Report(state, std::move(samples));
}

// So many callers at once, each with a connection of its own.
void BlockIPTogether(benchmark::State& state) {
  constexpr std::size_t kCalls = 500;
  const auto callers = static_cast<std::size_t>(state.range(0));
  Agent agent;
  std::vector<double> samples;
  std::uint32_t round = 0;
  for (auto _ : state) {
    std::vector<std::vector<double>> of_callers(callers);
    std::vector<std::thread> threads;
    for (std::size_t caller = 0; caller < callers; ++caller) {
      threads.emplace_back([&, caller] {
        const auto stub = agent.NewStub();
        for (std::size_t i = 0; i < kCalls; ++i) {
          v1::BlockIPRequest request;
          request.mutable_source()->set_text(
              HostAddress(static_cast<std::uint32_t>(
                  (round * callers + caller) * kCalls + i)));
          v1::BlockIPResponse response;
          grpc::ClientContext context;
          const auto start = Clock::now();
          const auto status = stub->BlockIP(&context, request, &response);
          of_callers[caller].push_back(MicrosecondsSince(start));
          OrDie(status.ok(), status.error_message());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ++round;
    for (const auto& some : of_callers) {
      samples.insert(samples.end(), some.begin(), some.end());
    }
  }
  Report(state, std::move(samples));
}

// Rules a second in changes of so many; each is one call.
void ChangeSources(benchmark::State& state) {
  Agent agent;
  const auto stub = agent.NewStub();
  std::vector<double> samples;
  std::uint32_t number = 0;
  for (auto _ : state) {
    v1::ChangeSourcesRequest request;
    request.set_omit_rules(true);
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      request.add_edits()->mutable_block()->set_text(HostAddress(number++));
    }
    v1::ChangeSourcesResponse response;
    grpc::ClientContext context;
    const auto start = Clock::now();
    const auto status = stub->ChangeSources(&context, request, &response);
    samples.push_back(MicrosecondsSince(start));
    OrDie(status.ok(), status.error_message());
  }
  Report(state, std::move(samples));
  state.counters["rules_per_s"] =
      benchmark::Counter(number, benchmark::Counter::kIsRate);
}

// The least that any call can cost: a bare server, one caller.
void BareCall(benchmark::State& state) {
  const testing::TempDir dir;
  const std::string address = "unix:" + (dir / "bare.sock");
  testing::Process bare({.argv = {FW_BARE_SERVER_BINARY, address}});
  OrDie(bare.WaitForErr("ready"), "the bare server does not start");
  const auto stub = Agent::StubAt(address);
  std::vector<double> samples;
  for (auto _ : state) {
    v1::GetStatsResponse response;
    grpc::ClientContext context;
    const auto start = Clock::now();
    const grpc::Status status = stub->GetStats(&context, {}, &response);
    samples.push_back(MicrosecondsSince(start));
    OrDie(status.ok(), status.error_message());
  }
  Report(state, std::move(samples));
}

// The least that a durable change can cost: one page written and synced.
void DiskSync(benchmark::State& state) {
  const testing::TempDir dir;
  const std::string path = dir / "file";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::vector<char> page(4096, 'x');
  std::vector<double> samples;
  off_t offset = 0;
  for (auto _ : state) {
    const auto start = Clock::now();
    OrDie(pwrite(fd, page.data(), page.size(), offset) == 4096, "pwrite");
    OrDie(fdatasync(fd) == 0, "fdatasync");
    samples.push_back(MicrosecondsSince(start));
    offset = (offset + 4096) % (1 << 22);
  }
  close(fd);
  Report(state, std::move(samples));
}

constexpr int kCallers = 4;
constexpr int kCallsPerRound = 4000;

// GetStats calls a second from several callers at once.
double StatsRate(const std::string& address) {
  std::vector<std::thread> callers;
  const auto start = Clock::now();
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&address] {
      const auto stub = Agent::StubAt(address);
      for (int i = 0; i < kCallsPerRound / kCallers; ++i) {
        v1::GetStatsResponse response;
        grpc::ClientContext context;
        const auto status = stub->GetStats(&context, {}, &response);
        OrDie(status.ok() && response.interfaces_size() == 1,
              status.error_message());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  return kCallsPerRound * 1e6 / MicrosecondsSince(start);
}

// Agent and bare server in turn, so that both see the same machine.
void GetStats(benchmark::State& state) {
  Agent agent;
  const testing::TempDir dir;
  const std::string bare_address = "unix:" + (dir / "bare.sock");
  testing::Process bare({.argv = {FW_BARE_SERVER_BINARY, bare_address}});
  OrDie(bare.WaitForErr("ready"), "the bare server does not start");
  std::vector<double> ours;
  std::vector<double> theirs;
  for (auto _ : state) {
    ours.push_back(StatsRate(agent.site().address()));
    theirs.push_back(StatsRate(bare_address));
  }
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  state.counters["agent_per_s"] = ours[ours.size() / 2];
  state.counters["bare_per_s"] = theirs[theirs.size() / 2];
  state.counters["ratio"] = ours[ours.size() / 2] / theirs[theirs.size() / 2];
}

// A whole process, from its start to its exit: what fail2ban pays for one
// address.
void FwctlBlockIP(benchmark::State& state) {
  Agent agent;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  std::vector<double> samples;
  std::uint32_t number = 0;
  for (auto _ : state) {
    std::vector<std::string> words = {"fwctl", "--address",
                                      agent.site().address(), "block-ip",
                                      HostAddress(number++)};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    int status = -1;
    const auto start = Clock::now();
    OrDie(posix_spawn(&pid, FW_CTL_BINARY, &actions, nullptr, argv.data(),
                      environ) == 0,
          "posix_spawn");
    waitpid(pid, &status, 0);
    samples.push_back(MicrosecondsSince(start));
    OrDie(status == 0, "fwctl failed");
  }
  posix_spawn_file_actions_destroy(&actions);
  Report(state, std::move(samples));
}

BENCHMARK_CAPTURE(BlockIP, state_on_disk, "")->Iterations(3000)->UseRealTime();
BENCHMARK_CAPTURE(BlockIP, state_in_memory, "/dev/shm")
    ->Iterations(3000)
    ->UseRealTime();
BENCHMARK(BlockIPTogether)
    ->ArgName("callers")
    ->Arg(1)
    ->Arg(4)
    ->Arg(16)
    ->Arg(32)
    ->Iterations(3)
    ->UseRealTime();
BENCHMARK(ChangeSources)
    ->ArgName("edits")
    ->Arg(100)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(50'000)
    ->Iterations(5)
    ->UseRealTime();
BENCHMARK(BareCall)->Iterations(3000)->UseRealTime();
BENCHMARK(DiskSync)->Iterations(2000)->UseRealTime();
BENCHMARK(GetStats)->Iterations(7)->UseRealTime();
BENCHMARK(FwctlBlockIP)->Iterations(200)->UseRealTime();

}  // namespace
}  // namespace fwagent

BENCHMARK_MAIN();
