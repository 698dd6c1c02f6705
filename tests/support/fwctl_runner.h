// fwctl, run inside the test program.
#ifndef FWAGENT_TESTS_SUPPORT_FWCTL_RUNNER_H_
#define FWAGENT_TESTS_SUPPORT_FWCTL_RUNNER_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/run.h"
#include "tests/support/fake_agent.h"

namespace fwagent::testing {

struct FwctlResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs one command line against whatever its address names, on a clock that
// moves only while a watch pauses.
class FwctlRunner {
 public:
  FwctlRunner();
  FwctlRunner(const FwctlRunner&) = delete;
  FwctlRunner& operator=(const FwctlRunner&) = delete;

  // With "--address" of the agent put first.
  FwctlResult Run(const FakeAgent& agent, std::vector<std::string> args);
  FwctlResult Run(const std::vector<std::string>& args);

  // To change before a run.
  client::Surroundings& surroundings() { return surroundings_; }
  // The pauses so far.
  const std::vector<absl::Duration>& pauses() const { return pauses_; }

 private:
  client::Surroundings surroundings_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::vector<absl::Duration> pauses_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FWCTL_RUNNER_H_
