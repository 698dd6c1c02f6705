// Nanoseconds that the filter takes for a packet, net of an empty program in
// the same run. Each row is the real program of a real data plane, reached by
// a tail call, on packets whose source is another of 2^20 addresses each time.
#include <benchmark/benchmark.h>
#include <bpf/libbpf.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/policy/ordered_rules.h"
#include "agent/policy/port_table.h"
#include "bpf/fw_table.h"  // for the skeleton
#include "plain_parser.skel.h"
#include "tests/bench/filter_under_test.h"
#include "tests/bench/reference.h"
#include "tests/bench/rules.h"
#include "tests/bench/source_runner.h"
#include "tests/bench/streams.h"
#include "tests/bench/support.h"
#include "tests/support/agent_host.h"
#include "tests/support/packet.h"

namespace fwagent::bench {
namespace {

// What the filter under test blocks, and where the packets come from.
struct Scene {
  const char* name;
  bool v6 = false;
  std::uint32_t blocked = 0;  // prefixes
  bool hit = false;           // whether sources lie in them
  bool allowed = false;       // every source, by one prefix
  bool timed = false;         // in years, all of that ends
  bool port_rules = false;
  // Ordered rules, each about a source network, a destination network, a
  // protocol and a port. Every packet comes from the network of one of them,
  // any of them; it matches that rule where it is a hit, else it has another
  // port.
  int ordered = 0;  // a power of two, at most 4,096
  // What follows Ethernet in the place of a plain header, and how much of that
  // are VLAN tags.
  testing::Packet (*packet)() = nullptr;
  std::uint32_t tag_bytes = 0;
  // Loaded as in a container, without CAP_PERFMON: the verifier then adds
  // fences against speculation.
  bool few_capabilities = false;
  // Whether a filter that can read nothing but such packets is measured too.
  // It has no rules.
  bool beside_plain = false;
};

constexpr policy::Deadline kInYears = policy::kForever - 1;

// Blocked prefixes as in lookup_bench, or none; or the one that allows.
RuleSet RulesOf(const Scene& scene) {
  const RuleKind kind = scene.v6 ? RuleKind::kTypical6 : RuleKind::kMixed4;
  RuleSet set = MakeRuleSet(scene.name, kind, scene.blocked);
  if (scene.allowed) {
    const auto network =
        policy::Prefix::Parse(scene.v6 ? "fd00::/8" : "10.0.0.0/8");
    set.blocks.push_back({.prefix = *network,
                          .id = 1,
                          .verdict = policy::SourceVerdict::kAllow});
  }
  if (scene.timed) {
    for (policy::SourceRule& rule : set.blocks) rule.until = kInYears;
  }
  return set;
}

// The networks of all rules together: so many bits.
constexpr int kRuleBits = 12;

policy::OrderedRules OrderedOf(const Scene& scene) {
  policy::OrderedRules ordered;
  const int length =
      kRuleBits + std::countr_zero(static_cast<unsigned>(scene.ordered));
  for (int i = 0; i < scene.ordered; ++i) {
    const std::uint32_t network = 10u << 24 | static_cast<std::uint32_t>(i)
                                                  << (32 - length);
    const int port = scene.hit ? kPacketPort : kPacketPort + 1 + i;
    auto match = policy::PacketMatch::Parse(
        absl::StrCat("from 10.", network >> 16 & 255, ".", network >> 8 & 255,
                     ".", network & 255, "/", length,
                     " to 0.0.0.0/8,198.51.100.0/24 proto tcp dport ", port),
        policy::kDefaultOrder);
    OrDie(match.ok(), match.status().ToString());
    ordered.rules.push_back({.id = static_cast<policy::RuleId>(i) + 1,
                             .match = *std::move(match),
                             .action = policy::Action::kDrop});
  }
  return ordered;
}

policy::PortTable PortsOf(const Scene& scene) {
  policy::PortTable ports;
  if (scene.port_rules) {
    ports.resize(65536);
    ports[kPacketPort + 1] = {1, scene.timed ? kInYears : policy::kForever};
  }
  return ports;
}

std::vector<Address> SourcesOf(const Scene& scene, const RuleSet& set) {
  if (scene.allowed || scene.ordered != 0) {
    const int length = scene.ordered != 0 ? kRuleBits : 8;
    const Address network = Address{scene.v6 ? 0xfdu : 10u} << 120;
    Random random(1);
    std::vector<Address> sources(kStreamLength);
    for (Address& source : sources) {
      source = RandomInside(set.family, network, length, random);
    }
    return sources;
  }
  if (set.rules.empty()) {
    Random random(1);
    std::vector<Address> sources(kStreamLength);
    for (Address& source : sources) source = RandomUnicast(set.family, random);
    return sources;
  }
  const auto kind = scene.hit ? StreamKind::kHit : StreamKind::kMiss;
  return MakeStreams(set, Reference(set.rules))[static_cast<std::size_t>(kind)]
      .sources;
}

std::vector<std::uint8_t> PacketOf(const Scene& scene, policy::Family family) {
  if (scene.packet == nullptr) return MakePacket(family);
  return (testing::Packet() / testing::Ethernet{} / scene.packet()).ToBytes();
}

class PlainParser {
 public:
  PlainParser() : skeleton_(plain_parser__open_and_load()) {
    OrDie(skeleton_ != nullptr, "plain_parser");
  }
  ~PlainParser() { plain_parser__destroy(skeleton_); }
  PlainParser(const PlainParser&) = delete;
  PlainParser& operator=(const PlainParser&) = delete;

  int ProgramFd() const {
    return bpf_program__fd(skeleton_->progs.plain_parser);
  }

 private:
  plain_parser* const skeleton_;
};

// The filter, and what runs it.
class Bench {
 public:
  explicit Bench(const Scene& scene)
      : scene_(scene),
        set_(RulesOf(scene)),
        runner_(set_.family, PacketOf(scene, set_.family), scene.tag_bytes),
        filter_(host_, set_,
                {.ports = PortsOf(scene),
                 .ordered = OrderedOf(scene),
                 .few_capabilities = scene.few_capabilities}) {
    runner_.SetSources(SourcesOf(scene, set_));
  }

  // Nanoseconds a packet with the filter.
  double MeasureFilter() {
    runner_.WarmUp(filter_.ProgramFd());
    filter_.TakeDrops();
    const double spent = runner_.Run(filter_.ProgramFd());
    OrDie(filter_.TakeDrops() == (scene_.hit ? kStreamLength : 0),
          "a wrong verdict");
    return spent;
  }

  // With the filter that reads plain packets only.
  double MeasurePlain() {
    runner_.WarmUp(plain_.ProgramFd());
    return runner_.Run(plain_.ProgramFd());
  }

  // With the empty program.
  double MeasureEmpty() {
    runner_.WarmUp(runner_.EmptyProgramFd());
    return runner_.Run(runner_.EmptyProgramFd());
  }

 private:
  const Scene scene_;
  const RuleSet set_;
  testing::AgentHost host_;
  SourceRunner runner_;
  FilterUnderTest filter_;
  PlainParser plain_;
};

// Measures with and without the filter in turn; the result is the difference.
void RunScene(benchmark::State& state, const Scene& scene) {
  Bench bench(scene);
  double filter_ns = 0;
  double plain_ns = 0;
  double empty_ns = 0;
  for (auto _ : state) {
    const double empty = bench.MeasureEmpty();
    const double filter = bench.MeasureFilter();
    if (scene.beside_plain) plain_ns += bench.MeasurePlain();
    state.SetIterationTime(std::max(filter - empty, 0.1) * 1e-9);
    filter_ns += filter;
    empty_ns += empty;
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["net_ns"] = (filter_ns - empty_ns) / rounds;
  state.counters["empty_ns"] = empty_ns / rounds;
  if (!scene.beside_plain) return;
  state.counters["plain_net_ns"] = (plain_ns - empty_ns) / rounds;
}

template <int kTags>
testing::Packet Tagged() {
  return Times(kTags, testing::Vlan{}) / testing::IPv4{} /
         testing::Tcp{.dport = kPacketPort};
}

testing::Packet WithOptions() {
  return testing::IPv4{.option_words = 10} / testing::Tcp{.dport = kPacketPort};
}

template <std::uint16_t kOffset>
testing::Packet Piece4() {
  return testing::IPv4{.fragment_offset = kOffset, .more_fragments = true} /
         testing::Tcp{.dport = kPacketPort};
}

template <int kHeaders>
testing::Packet Chain() {
  return testing::Packet() / testing::IPv6{} /
         Times(kHeaders, testing::Extension{}) /
         testing::Tcp{.dport = kPacketPort};
}

template <std::uint16_t kOffset>
testing::Packet Piece6() {
  return testing::Packet() / testing::IPv6{} /
         testing::Fragment{.offset = kOffset, .more = true} /
         testing::Tcp{.dport = kPacketPort};
}

constexpr Scene kScenes[] = {
    {.name = "ipv4/pass/no_rules", .beside_plain = true},
    {.name = "ipv4/pass/port_rules", .port_rules = true},
    {.name = "ipv4/pass/allowed", .allowed = true},
    {.name = "ipv4/pass/10_prefixes", .blocked = 10},
    {.name = "ipv4/drop/10_prefixes", .blocked = 10, .hit = true},
    {.name = "ipv4/pass/10000_prefixes", .blocked = 10'000},
    {.name = "ipv4/pass/10000_prefixes/timed",
     .blocked = 10'000,
     .timed = true},
    {.name = "ipv4/drop/10000_prefixes", .blocked = 10'000, .hit = true},
    {.name = "ipv4/drop/10000_prefixes/timed",
     .blocked = 10'000,
     .hit = true,
     .timed = true},
    {.name = "ipv4/pass/1000000_prefixes", .blocked = 1'000'000},
    {.name = "ipv4/drop/1000000_prefixes", .blocked = 1'000'000, .hit = true},
    {.name = "ipv4/drop/1000000_prefixes/timed",
     .blocked = 1'000'000,
     .hit = true,
     .timed = true},
    {.name = "ipv4/pass/no_rules/no_perfmon", .few_capabilities = true},
    {.name = "ipv6/pass/no_rules", .v6 = true},
    {.name = "ipv6/pass/allowed", .v6 = true, .allowed = true},
    {.name = "ipv6/pass/no_rules/no_perfmon",
     .v6 = true,
     .few_capabilities = true},
    {.name = "ipv6/pass/100000_prefixes", .v6 = true, .blocked = 100'000},
    {.name = "ipv6/drop/100000_prefixes",
     .v6 = true,
     .blocked = 100'000,
     .hit = true},
    {.name = "ipv6/drop/100000_prefixes/timed",
     .v6 = true,
     .blocked = 100'000,
     .hit = true,
     .timed = true},
    {.name = "ipv4/pass/1_rule", .ordered = 1},
    {.name = "ipv4/pass/64_rules", .ordered = 64},
    {.name = "ipv4/pass/4096_rules", .ordered = 4096},
    {.name = "ipv4/drop/1_rule", .hit = true, .ordered = 1},
    {.name = "ipv4/drop/64_rules", .hit = true, .ordered = 64},
    {.name = "ipv4/drop/512_rules", .hit = true, .ordered = 512},
    {.name = "ipv4/drop/4096_rules", .hit = true, .ordered = 4096},
    {.name = "ipv4/drop/4096_rules/no_perfmon",
     .hit = true,
     .ordered = 4096,
     .few_capabilities = true},
    // What is rare, with a port blocked.
    {.name = "ipv4/unusual/1_tag",
     .port_rules = true,
     .packet = Tagged<1>,
     .tag_bytes = 4},
    {.name = "ipv4/unusual/16_tags",
     .port_rules = true,
     .packet = Tagged<16>,
     .tag_bytes = 64},
    {.name = "ipv4/unusual/40_bytes_of_options",
     .port_rules = true,
     .packet = WithOptions},
    {.name = "ipv4/unusual/first_fragment",
     .port_rules = true,
     .packet = Piece4<0>},
    {.name = "ipv4/unusual/later_fragment",
     .port_rules = true,
     .packet = Piece4<185>},
    {.name = "ipv6/pass/port_rules", .v6 = true, .port_rules = true},
    {.name = "ipv6/unusual/1_extension_header",
     .v6 = true,
     .port_rules = true,
     .packet = Chain<1>},
    {.name = "ipv6/unusual/24_extension_headers",
     .v6 = true,
     .port_rules = true,
     .packet = Chain<24>},
    {.name = "ipv6/unusual/first_fragment",
     .v6 = true,
     .port_rules = true,
     .packet = Piece6<0>},
    {.name = "ipv6/unusual/later_fragment",
     .v6 = true,
     .port_rules = true,
     .packet = Piece6<185>},
};

}  // namespace
}  // namespace fwagent::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  spdlog::set_level(spdlog::level::warn);
  fwagent::bench::PinToLastCpu();
  for (const auto& scene : fwagent::bench::kScenes) {
    benchmark::RegisterBenchmark(scene.name,
                                 [&scene](benchmark::State& state) {
                                   fwagent::bench::RunScene(state, scene);
                                 })
        ->UseManualTime()
        ->Iterations(5);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
