// The real filter: the program of the real data plane, on a host's eth0.
#ifndef FWAGENT_TESTS_BENCH_FILTER_UNDER_TEST_H_
#define FWAGENT_TESTS_BENCH_FILTER_UNDER_TEST_H_

#include <cstdint>
#include <memory>

#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/policy/port_table.h"
#include "agent/util/scoped_fd.h"
#include "tests/bench/rules.h"
#include "tests/support/agent_host.h"

namespace fwagent::bench {

// Every failure ends the run.
class FilterUnderTest {
 public:
  struct Options {
    // Blocked TCP ports; none when it is empty.
    policy::PortTable ports;
    policy::OrderedRules ordered = {};
    // Loaded as in a container, without CAP_PERFMON: the verifier then adds
    // fences against speculation.
    bool few_capabilities = false;
  };

  // Attaches it natively; `host` must outlive it.
  FilterUnderTest(const testing::AgentHost& host, const RuleSet& set,
                  const Options& options);

  dataplane::DataPlane& plane() { return *plane_; }
  const dataplane::DataPlane& plane() const { return *plane_; }
  int ProgramFd() const { return program_.get(); }

  // Packets dropped since the last call.
  std::uint64_t TakeDrops();

 private:
  void Attach();

  const testing::AgentHost& host_;
  std::unique_ptr<dataplane::LibbpfDataPlane> plane_;
  util::ScopedFd program_;
  std::uint64_t drops_seen_ = 0;
};

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_FILTER_UNDER_TEST_H_
