// Real frames over a veth pair, generator and filter on one CPU: how many a
// second are dropped and passed, beside a bare program in the same run.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/util/scoped_fd.h"
#include "tests/bench/arguments.h"
#include "tests/bench/candidate.h"
#include "tests/bench/filter_under_test.h"
#include "tests/bench/frame_generator.h"
#include "tests/bench/reference.h"
#include "tests/bench/rules.h"
#include "tests/bench/streams.h"
#include "tests/bench/support.h"
#include "tests/support/agent_host.h"

namespace fwagent::bench {
namespace {

using testing::AgentHost;
using testing::InNetNamespace;

struct Link {
  std::uint64_t received = 0;  // frames, since the device was made
  std::array<std::uint8_t, ETH_ALEN> address{};
};

// eth0 of the namespace that the calling thread is in.
Link ReadLink() {
  Link link;
  ifaddrs* all = nullptr;
  OrDie(getifaddrs(&all) == 0, "getifaddrs");
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (std::string(one->ifa_name) != "eth0" || one->ifa_addr == nullptr ||
        one->ifa_addr->sa_family != AF_PACKET) {
      continue;
    }
    link.received = static_cast<rtnl_link_stats*>(one->ifa_data)->rx_packets;
    const auto* physical = reinterpret_cast<sockaddr_ll*>(one->ifa_addr);
    std::copy_n(physical->sll_addr, ETH_ALEN, link.address.begin());
  }
  freeifaddrs(all);
  return link;
}

// A socket that nobody reads: what is passed goes all the way up the stack and
// is dropped at the socket's full buffer.
util::ScopedFd BindSink() {
  util::ScopedFd sink(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kFramePort);
  OrDie(bind(sink.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof(address)) == 0,
        "bind");
  return sink;
}

// A veth pair with one program at its far end.
class Lane {
 public:
  explicit Lane(std::string name) : name_(std::move(name)) {
    const InNetNamespace scope(site_.host());
    frame_ = MakeFrame(ReadLink().address, inet_addr(AgentHost::kHostIPv4));
    sink_ = BindSink();
  }
  virtual ~Lane() = default;

  // Frames a second, after a check that of every one the program thought as it
  // should.
  double Run(FrameGenerator& generator, bool drop) {
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      TakeDrops();
      const auto rate = Send(generator);
      if (!rate) {
        usleep(10'000);  // what is still on its way belongs to no other run
        continue;
      }
      const auto drops = TakeDrops();
      OrDie(!drops || *drops == (drop ? kStreamLength : 0),
            name_ + ": a wrong verdict");
      return *rate;
    }
    OrDie(false, name_ + ": frames are lost each time");
    return 0;
  }

  const std::string& name() const { return name_; }

 protected:
  const AgentHost& site() const { return site_; }
  void Attach(int program_fd) {
    const InNetNamespace scope(site_.host());
    OrDie(bpf_xdp_attach(static_cast<int>(if_nametoindex("eth0")), program_fd,
                         XDP_FLAGS_DRV_MODE, nullptr) == 0,
          "attach " + name_);
  }
  // Since the last call; nullopt where nobody counts.
  virtual std::optional<std::uint64_t> TakeDrops() { return std::nullopt; }

 private:
  static constexpr int kMostAttempts = 20;

  // nullopt when frames were lost: on a busy machine the far end runs late and
  // the ring between the two overflows.
  std::optional<double> Send(FrameGenerator& generator) {
    const std::uint64_t before = Received();
    const InNetNamespace scope(site_.peer());
    const double rate = generator.Send(frame_, "eth0");
    // The devices also receive what the namespaces say to each other.
    if (Received() - before < kStreamLength) return std::nullopt;
    return rate;
  }

  std::uint64_t Received() const {
    const InNetNamespace scope(site_.host());
    return ReadLink().received;
  }

  const std::string name_;
  const AgentHost site_;
  Frame frame_;
  util::ScopedFd sink_;
};

class BareLane : public Lane {
 public:
  BareLane(const std::string& name, const bpf_program* program) : Lane(name) {
    Attach(bpf_program__fd(program));
  }
};

class CandidateLane : public Lane {
 public:
  CandidateLane(const CandidateKind& kind, const RuleSet& set)
      : Lane(kind.name), candidate_(kind.load(set)) {
    Attach(candidate_->ProgramFd());
  }

 private:
  std::optional<std::uint64_t> TakeDrops() override {
    return candidate_->TakeAnswers().hits;
  }

  const std::unique_ptr<Candidate> candidate_;
};

class AgentLane : public Lane {
 public:
  explicit AgentLane(const RuleSet& set)
      : Lane("fwagent"), filter_(site(), set, {}) {}

 private:
  std::optional<std::uint64_t> TakeDrops() override {
    return filter_.TakeDrops();
  }

  FilterUnderTest filter_;
};

// Every lane in turn, `rounds` times over; the first is the bare program.
void Measure(const std::string& what, const char* aim, bool drop, int rounds,
             FrameGenerator& generator, const std::vector<Lane*>& lanes) {
  std::vector<std::vector<double>> rates(lanes.size());
  std::vector<std::vector<double>> shares(lanes.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      rates[i].push_back(lanes[i]->Run(generator, drop));
      shares[i].push_back(100 * rates[i].back() / rates[0].back());
    }
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const bool is_ours = lanes[i]->name() == "fwagent";
    absl::PrintF("%-28s %-10s %10.2f %9.1f %%   %s\n", what, lanes[i]->name(),
                 Median(rates[i]) / 1e6, Median(shares[i]), is_ours ? aim : "");
  }
  std::fflush(stdout);
}

struct Scene {
  const char* name;
  RuleKind kind;
  std::size_t rules;
  const char* drop_aim;
  const char* pass_aim;
};

constexpr Scene kScenes[] = {
    {"mixed/10", RuleKind::kMixed4, 10, "", ""},
    {"mixed/10000", RuleKind::kMixed4, 10'000, ">= 85 %", ">= 95 %"},
    {"mixed/1000000", RuleKind::kMixed4, 1'000'000, ">= 65 %", ">= 92 %"},
    {"hosts/1000000", RuleKind::kHosts4, 1'000'000, "", ""},
};

void RunScene(const Scene& scene, int rounds, FrameGenerator& generator) {
  const RuleSet set = MakeRuleSet(scene.name, scene.kind, scene.rules);
  const std::vector<Stream> streams = MakeStreams(set, Reference(set.rules));
  BareLane bare_drop("bare", generator.bare_drop());
  BareLane bare_pass("bare", generator.bare_pass());
  BareLane parsed_drop("parsed", generator.parsed_drop());
  BareLane parsed_pass("parsed", generator.parsed_pass());
  std::vector<std::unique_ptr<Lane>> filters;
  filters.push_back(std::make_unique<AgentLane>(set));
  for (const CandidateKind& kind : CandidateKinds()) {
    if (!kind.of_the_kernel || !kind.can_hold(set)) continue;
    filters.push_back(std::make_unique<CandidateLane>(kind, set));
  }
  for (const bool drop : {true, false}) {
    std::vector<Lane*> lanes = {drop ? &bare_drop : &bare_pass,
                                drop ? &parsed_drop : &parsed_pass};
    for (const auto& filter : filters) lanes.push_back(filter.get());
    const Stream& stream = streams[static_cast<std::size_t>(
        drop ? StreamKind::kHit : StreamKind::kMiss)];
    generator.SetSources(stream.sources);
    Measure(absl::StrCat(drop ? "drop/" : "pass/", scene.name),
            drop ? scene.drop_aim : scene.pass_aim, drop, rounds, generator,
            lanes);
  }
}

void Run(const Arguments& arguments) {
  spdlog::set_level(spdlog::level::warn);
  PinToLastCpu();
  FrameGenerator generator;
  absl::PrintF("%-28s %-10s %10s %11s   %s\n", "", "", "M frames/s", "of bare",
               "aim");
  for (const Scene& scene : kScenes) {
    if (!arguments.Wants(scene.name)) continue;
    RunScene(scene, arguments.quick ? 3 : 7, generator);
  }
}

}  // namespace
}  // namespace fwagent::bench

int main(int argc, char** argv) {
  fwagent::bench::Run(fwagent::bench::ParseArguments(
      "Real frames over a veth pair", argc, argv));
  return 0;
}
