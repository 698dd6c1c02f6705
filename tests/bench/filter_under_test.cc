#include "tests/bench/filter_under_test.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <net/if.h>

#include <utility>

#include "agent/policy/counters.h"
#include "tests/bench/support.h"
#include "tests/support/capabilities.h"

namespace fwagent::bench {

FilterUnderTest::FilterUnderTest(const testing::AgentHost& host,
                                 const RuleSet& set, const Options& options)
    : host_(host) {
  const testing::InNetNamespace scope(host_.host());
  auto plane = dataplane::LibbpfDataPlane::Open({.pin_dir = host_.pin_dir()});
  OrDie(plane.ok(), plane.status().ToString());
  plane_ = *std::move(plane);
  const absl::Status filled = plane_->ReplaceSources(set.blocks);
  OrDie(filled.ok(), filled.ToString());
  const absl::Status ports =
      plane_->ReplacePorts(policy::Protocol::kTcp, options.ports);
  OrDie(ports.ok(), ports.ToString());
  const absl::Status ordered =
      plane_->ReplaceTables({.ordered = &options.ordered});
  OrDie(ordered.ok(), ordered.ToString());
  if (options.few_capabilities) {
    testing::RunWithCapabilities({CAP_BPF, CAP_NET_ADMIN},
                                 [this] { Attach(); });
  } else {
    Attach();
  }
  std::uint32_t id = 0;
  bpf_xdp_query_id(static_cast<int>(if_nametoindex("eth0")), 0, &id);
  program_.reset(bpf_prog_get_fd_by_id(id));
  OrDie(program_.valid(), "the attached program");
}

void FilterUnderTest::Attach() {
  const auto attached =
      plane_->Attach("eth0", dataplane::ModePreference::kNative);
  OrDie(attached.ok(), attached.status().ToString());
}

std::uint64_t FilterUnderTest::TakeDrops() {
  const testing::InNetNamespace scope(host_.host());
  const auto counters = plane_->ReadCounters();
  OrDie(counters.ok(), counters.status().ToString());
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < policy::kOutcomes.size(); ++i) {
    if (policy::kOutcomes[i].first != policy::Verdict::kDrop) continue;
    sum += counters->front().by_outcome[i].packets;
  }
  return sum - std::exchange(drops_seen_, sum);
}

}  // namespace fwagent::bench
