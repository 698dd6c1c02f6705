// Nanoseconds that the filter takes for a packet, net of an empty program in
// the same run. Each row is the real program of a real data plane, reached by
// a tail call, on packets whose source is another of 2^20 addresses each time.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/util/scoped_fd.h"
#include "tests/support/agent_host.h"
#include "tests/support/capabilities.h"
#include "vary_source.skel.h"

namespace fwagent {
namespace {

using policy::Prefix;

constexpr std::uint32_t kSources = 1 << 20;
constexpr int kRepeats = 1 << 20;  // packets in one measurement
constexpr std::uint16_t kPort = 443;

void OrDie(bool ok, const std::string& what) {
  if (ok) return;
  std::perror(what.c_str());
  std::exit(1);
}

// What the filter under test blocks, and where the packets come from.
struct Scene {
  const char* name;
  bool v6 = false;
  std::uint32_t blocked = 0;  // prefixes: /24 for IPv4, /48 for IPv6
  bool hit = false;           // whether sources lie in them
  bool port_rules = false;
  // Loaded as in a container, without CAP_PERFMON: the verifier then adds
  // fences against speculation.
  bool few_capabilities = false;
};

std::vector<std::uint8_t> MakePacket(bool v6) {
  std::vector<std::uint8_t> packet(74, 0);
  packet[12] = v6 ? 0x86 : 0x08;
  packet[13] = v6 ? 0xdd : 0x00;
  std::uint8_t* ip = packet.data() + 14;
  std::uint8_t* tcp = ip + (v6 ? 40 : 20);
  if (v6) {
    ip[0] = 0x60;
    ip[5] = 20;
    ip[6] = IPPROTO_TCP;
  } else {
    ip[0] = 0x45;
    ip[3] = 40;
    ip[8] = 64;
    ip[9] = IPPROTO_TCP;
  }
  tcp[2] = kPort >> 8;
  tcp[3] = kPort & 0xff;
  tcp[12] = 0x50;
  return packet;
}

// Blocked prefixes have an odd last byte of the network, sources that must
// miss an even one; so both are spread over the same space.
std::string Network(bool v6, std::uint32_t number, bool blocked) {
  const std::uint32_t spread = number * 2 + (blocked ? 1 : 0);
  std::string bytes(v6 ? 16 : 4, '\0');
  if (v6) {
    bytes[0] = 0x20;
    bytes[1] = 0x01;
    bytes[2] = static_cast<char>(spread >> 24);
    bytes[3] = static_cast<char>(spread >> 16);
    bytes[4] = static_cast<char>(spread >> 8);
    bytes[5] = static_cast<char>(spread);
  } else {
    bytes[0] = static_cast<char>(1 + (spread >> 16) % 223);
    bytes[1] = static_cast<char>(spread >> 8);
    bytes[2] = static_cast<char>(spread);
  }
  return bytes;
}

// One data plane with its filter on a veth pair, and the program that varies
// the sources.
class Bench {
 public:
  explicit Bench(const Scene& scene) : scene_(scene) {
    const testing::InNetNamespace scope(site_.host());
    auto plane = dataplane::LibbpfDataPlane::Open(
        {.pin_dir = site_.pin_dir(), .max_sources = kSources});
    OrDie(plane.ok(), plane.status().ToString());
    plane_ = *std::move(plane);
    FillTables();
    if (scene.few_capabilities) {
      testing::RunWithCapabilities({CAP_BPF, CAP_NET_ADMIN},
                                   [this] { Attach(); });
    } else {
      Attach();
    }
    std::uint32_t id = 0;
    bpf_xdp_query_id(static_cast<int>(if_nametoindex("eth0")), 0, &id);
    filter_.reset(bpf_prog_get_fd_by_id(id));
    OrDie(filter_.valid(), "the attached program");
    vary_ = vary_source__open_and_load();
    OrDie(vary_ != nullptr, "vary_source");
    FillSources();
    packet_ = MakePacket(scene_.v6);
  }
  ~Bench() { vary_source__destroy(vary_); }

  // Nanoseconds a packet with the filter, or with the empty program.
  double Measure(bool filter) {
    const std::uint32_t key = 0;
    const int program =
        filter ? filter_.get() : bpf_program__fd(vary_->progs.empty);
    OrDie(bpf_map_update_elem(bpf_map__fd(vary_->maps.next), &key, &program,
                              BPF_ANY) == 0,
          "tail call");
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    options.data_in = packet_.data();
    options.data_size_in = static_cast<std::uint32_t>(packet_.size());
    options.repeat = kRepeats;
    const auto* entry = scene_.v6 ? vary_->progs.vary6 : vary_->progs.vary4;
    OrDie(bpf_prog_test_run_opts(bpf_program__fd(entry), &options) == 0,
          "test run");
    const std::uint32_t expected = filter && scene_.hit ? XDP_DROP : XDP_PASS;
    OrDie(options.retval == expected, "a wrong verdict");
    return options.duration;
  }

 private:
  void Attach() {
    const auto attached =
        plane_->Attach("eth0", dataplane::ModePreference::kNative);
    OrDie(attached.ok(), attached.status().ToString());
  }

  void FillTables() {
    for (std::uint32_t i = 0; i < scene_.blocked; ++i) {
      const auto prefix =
          Prefix::FromBytes(Network(scene_.v6, i, true), scene_.v6 ? 48u : 24u);
      OrDie(prefix.ok() && plane_->AddSource(*prefix, i + 1).ok(), "AddSource");
    }
    if (scene_.port_rules) {
      policy::PortTable table(65536);
      table[kPort + 1] = 1;
      OrDie(plane_->ReplacePorts(policy::Protocol::kTcp, table).ok(), "ports");
    }
  }

  // Uniform over the blocked networks, or over as many that are not.
  void FillSources() {
    const std::size_t size = scene_.v6 ? 16 : 4;
    const std::size_t stride = scene_.v6 ? 16 : 8;  // array values are padded
    const int fd =
        bpf_map__fd(scene_.v6 ? vary_->maps.sources6 : vary_->maps.sources4);
    void* memory = mmap(nullptr, kSources * stride, PROT_READ | PROT_WRITE,
                        MAP_SHARED, fd, 0);
    OrDie(memory != MAP_FAILED, "mmap");
    std::minstd_rand random(1);
    const std::uint32_t networks =
        scene_.hit ? scene_.blocked : std::max(scene_.blocked, kSources);
    for (std::uint32_t i = 0; i < kSources; ++i) {
      std::string source =
          Network(scene_.v6, static_cast<std::uint32_t>(random() % networks),
                  scene_.hit);
      source.back() = static_cast<char>(random());
      source.copy(static_cast<char*>(memory) + i * stride, size);
    }
    munmap(memory, kSources * stride);
  }

  const Scene scene_;
  testing::AgentHost site_;
  std::unique_ptr<dataplane::LibbpfDataPlane> plane_;
  util::ScopedFd filter_;
  vary_source* vary_ = nullptr;
  std::vector<std::uint8_t> packet_;
};

// Measures with and without the filter in turn; the result is the difference.
void RunScene(benchmark::State& state, const Scene& scene) {
  Bench bench(scene);
  double filter_ns = 0;
  double empty_ns = 0;
  for (auto _ : state) {
    const double empty = bench.Measure(false);
    const double filter = bench.Measure(true);
    state.SetIterationTime(std::max(filter - empty, 0.1) * 1e-9);
    filter_ns += filter;
    empty_ns += empty;
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["net_ns"] = (filter_ns - empty_ns) / rounds;
  state.counters["empty_ns"] = empty_ns / rounds;
}

constexpr Scene kScenes[] = {
    {.name = "ipv4/pass/no_rules"},
    {.name = "ipv4/pass/port_rules", .port_rules = true},
    {.name = "ipv4/pass/10_prefixes", .blocked = 10},
    {.name = "ipv4/drop/10_prefixes", .blocked = 10, .hit = true},
    {.name = "ipv4/pass/10000_prefixes", .blocked = 10'000},
    {.name = "ipv4/drop/10000_prefixes", .blocked = 10'000, .hit = true},
    {.name = "ipv4/pass/1000000_prefixes", .blocked = 1'000'000},
    {.name = "ipv4/drop/1000000_prefixes", .blocked = 1'000'000, .hit = true},
    {.name = "ipv4/pass/no_rules/no_perfmon", .few_capabilities = true},
    {.name = "ipv6/pass/no_rules", .v6 = true},
    {.name = "ipv6/pass/no_rules/no_perfmon",
     .v6 = true,
     .few_capabilities = true},
    {.name = "ipv6/pass/100000_prefixes", .v6 = true, .blocked = 100'000},
    {.name = "ipv6/drop/100000_prefixes",
     .v6 = true,
     .blocked = 100'000,
     .hit = true},
};

// The whole run stays on one CPU: sources are handed out by one counter.
void PinToLastCpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_ONLN) - 1), &cpus);
  sched_setaffinity(0, sizeof(cpus), &cpus);
}

}  // namespace
}  // namespace fwagent

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  spdlog::set_level(spdlog::level::warn);
  fwagent::PinToLastCpu();
  for (const auto& scene : fwagent::kScenes) {
    benchmark::RegisterBenchmark(
        scene.name,
        [&scene](benchmark::State& state) { fwagent::RunScene(state, scene); })
        ->UseManualTime()
        ->Iterations(5);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
