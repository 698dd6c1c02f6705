// A change that locks its maker out, and the way back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ConfirmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    ASSERT_TRUE(site_->StartAgent());
  }

  ProcessResult Do(const std::vector<std::string>& arguments) {
    ProcessResult result = site_->Fwctl(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  }

  bool PeerGetsThrough() { return Pings(site_->peer(), AgentHost::kHostIPv4); }

  // How long after `since` the peer's packets passed again.
  absl::Duration PassesAfter(absl::Time since) {
    while (!PeerGetsThrough()) {
      if (absl::Now() - since > absl::Seconds(30)) {
        ADD_FAILURE() << "it was not taken back";
        break;
      }
    }
    return absl::Now() - since;
  }

  std::unique_ptr<AgentHost> site_;
};

TEST_F(ConfirmTest, ABlockThatNobodyConfirmsIsTakenBack) {
  Do({"block-ip", "198.51.100.1"});
  const absl::Time before = absl::Now();
  const ProcessResult blocked =
      Do({"block-ip", AgentHost::kPeerIPv4, "--confirm-within", "2s"});
  EXPECT_THAT(blocked.err, HasSubstr("run `fwctl confirm` within 2s"));
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_THAT(Do({"status"}).out, HasSubstr("NOT CONFIRMED: generation 2"));
  EXPECT_GE(PassesAfter(before), absl::Seconds(2));
  ASSERT_TRUE(site_->agent().WaitForErr("generation 3, asked by agent"));
  const std::string listed = Do({"list"}).out;
  EXPECT_THAT(listed, HasSubstr("198.51.100.1/32"));
  EXPECT_THAT(listed, Not(HasSubstr("192.0.2.2")));
  EXPECT_THAT(Do({"history"}).out,
              HasSubstr("generation 2 was not confirmed and is taken back"));
  EXPECT_THAT(Do({"status"}).out, Not(HasSubstr("NOT CONFIRMED")));
}

TEST_F(ConfirmTest, AnAgentThatWasKilledTakesItBackWhenItStarts) {
  const absl::Time before = absl::Now();
  Do({"block-ip", AgentHost::kPeerIPv4, "--confirm-within", "2s"});
  site_->StopAgent(SIGKILL);
  while (absl::Now() - before < absl::Seconds(3)) {
    ASSERT_FALSE(PeerGetsThrough()) << "nobody is there to take it back";
  }
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_TRUE(PeerGetsThrough());
  EXPECT_THAT(Do({"history"}).out,
              HasSubstr("generation 1 was not confirmed and is taken back"));
}

TEST_F(ConfirmTest, AnAgentThatStartsInTimeWaitsOn) {
  const absl::Time before = absl::Now();
  Do({"block-ip", AgentHost::kPeerIPv4, "--confirm-within", "6s"});
  site_->StopAgent(SIGKILL);
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_GE(PassesAfter(before), absl::Seconds(6));
}

TEST_F(ConfirmTest, WhatIsConfirmedStays) {
  const absl::Time before = absl::Now();
  Do({"block-ip", AgentHost::kPeerIPv4, "--confirm-within", "2s"});
  EXPECT_EQ(Do({"confirm"}).out, "confirmed generation 1: it stays\n");
  while (absl::Now() - before < absl::Seconds(4)) {
    ASSERT_FALSE(PeerGetsThrough());
  }
  site_->StopAgent(SIGKILL);
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_FALSE(PeerGetsThrough());
  const ProcessResult again = site_->Fwctl({"confirm"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.err, HasSubstr("nothing waits for a confirmation"));
}

}  // namespace
}  // namespace fwagent::testing
