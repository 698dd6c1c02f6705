// fwctl with documents, against a whole agent but for kernel and disk.
#ifndef FWAGENT_TESTS_COMPONENT_FWCTL_POLICY_FIXTURE_H_
#define FWAGENT_TESTS_COMPONENT_FWCTL_POLICY_FIXTURE_H_

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "client/run.h"
#include "tests/support/service_fixture.h"
#include "tests/support/temp_dir.h"

namespace fwagent::client {

class FwctlPolicy : public fwagent::testing::ServiceFixture {
 protected:
  FwctlPolicy() : ServiceFixture(1000) {
    surroundings_.connect = [this](const Address&, absl::Duration) {
      return absl::StatusOr<std::shared_ptr<grpc::Channel>>(Channel());
    };
    surroundings_.clock.now = [this] { return clocks_.wall(); };
  }

  struct Result {
    int exit_code;
    std::string out;
    std::string err;
  };
  Result Run(const std::vector<std::string>& args) {
    std::ostringstream out, err;
    const int code = RunFwctl(args, out, err, surroundings_);
    return {code, out.str(), err.str()};
  }
  // What it printed, having succeeded without a warning.
  std::string Out(const std::vector<std::string>& args) {
    const Result result = Run(args);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
  std::string File(const std::string& text) {
    const std::string path = dir_ / "p.yaml";
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
  std::string Apply(const std::string& text) {
    return Out({"apply", "-f", File(text)});
  }
  // Without the first line, which is about the generation.
  std::string Export(std::vector<std::string> args = {}) {
    args.insert(args.begin(), "export");
    const std::string out = Out(args);
    return out.substr(out.find('\n') + 1);
  }

  testing::TempDir dir_;
  Surroundings surroundings_;
};

}  // namespace fwagent::client

#endif  // FWAGENT_TESTS_COMPONENT_FWCTL_POLICY_FIXTURE_H_
