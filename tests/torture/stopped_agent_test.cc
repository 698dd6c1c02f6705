// An agent that the kernel does not let run, and others that want its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/agent_host.h"
#include "tests/support/from_environment.h"
#include "tests/support/require_bpf.h"
#include "tests/torture/report.h"
#include "tests/torture/steady_stream.h"
#include "tests/torture/target.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StoppedAgentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    SteadyStream::Prepare(*site_);
    ASSERT_TRUE(site_->StartAgent());
    ASSERT_EQ(site_->Fwctl({"block-ip", kGuiltyIPv4}).exit_code, 0);
  }

  // What an agent says that finds its place taken.
  std::string Refusal(const std::vector<std::string>& other_places) {
    const ProcessResult result =
        site_->RunAgent(site_->AgentCommand(other_places));
    EXPECT_EQ(result.exit_code, 1) << result.err;
    ++refused_;
    return result.err;
  }

  std::unique_ptr<AgentHost> site_;
  int refused_ = 0;
};

TEST_F(StoppedAgentTest, TheFilterWorksOnAndNobodyTakesItsPlace) {
  const std::uint64_t seconds =
      FromEnvironment("FW_TORTURE_STOPPED_SECONDS", 3);
  const std::string other_state = site_->dir() / "other";
  SteadyStream stream(*site_);
  site_->agent().Signal(SIGSTOP);
  EXPECT_THAT(Refusal({}),
              AllOf(HasSubstr("in use"), HasSubstr(site_->dir() / "state")));
  EXPECT_THAT(Refusal({"--state-dir", other_state}),
              AllOf(HasSubstr("in use"), HasSubstr(site_->socket())));
  EXPECT_THAT(Refusal({"--state-dir", other_state, "--socket",
                       site_->dir() / "other.sock"}),
              AllOf(HasSubstr("in use"), HasSubstr(site_->pin_dir())));
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  site_->agent().Signal(SIGCONT);
  // It is in charge again, and nothing was taken from it.
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 0);
  const Target target = SourceTarget("198.51.100.7", "198.51.100.7");
  Wire wire(*site_);
  EXPECT_TRUE(wire.Passes(target));
  EXPECT_EQ(site_->Fwctl({"block-ip", "198.51.100.7"}).exit_code, 0);
  EXPECT_FALSE(wire.Passes(target));
  const StreamCounts counts = stream.Stop();
  ExpectNoneThroughAndNoneLost(counts);
  ReportRow(absl::StrCat("SIGSTOP for ", seconds, " s"),
            absl::StrCat("other agents refused ", refused_, " of 3; ",
                         StreamText(counts)));
}

}  // namespace
}  // namespace fwagent::testing
