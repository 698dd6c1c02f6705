// Blocks that end by themselves: to the packet, whether an agent lives or not,
// and whatever the wall clock says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/agent_host.h"
#include "tests/support/report_row.h"
#include "tests/support/require_bpf.h"
#include "tests/support/sanitizer.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ExpiryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    receiver_ = std::make_unique<Receiver>(site_->host());
  }

  std::string Do(const std::vector<std::string>& arguments) {
    const ProcessResult result = site_->Fwctl(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  bool PeerGetsThrough() { return Pings(site_->peer(), AgentHost::kHostIPv4); }

  // Waits until packets pass, and says how long after `since` they did.
  static absl::Duration PassesAfter(absl::Time since,
                                    const std::function<bool()>& passes) {
    while (!passes()) {
      if (absl::Now() - since > absl::Seconds(30)) {
        ADD_FAILURE() << "the block did not end";
        break;
      }
    }
    return absl::Now() - since;
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(ExpiryTest, ABlockEndsAndIsTakenAway) {
  ASSERT_TRUE(site_->StartAgent());
  Do({"block-ip", "198.51.100.1", "--ttl", "1h"});
  const absl::Time before = absl::Now();
  EXPECT_THAT(Do({"block-ip", AgentHost::kPeerIPv4, "--ttl", "2s"}),
              HasSubstr(", ends in "));
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_THAT(Do({"list"}), HasSubstr("192.0.2.2/32"));
  EXPECT_GE(PassesAfter(before, [this] { return PeerGetsThrough(); }),
            absl::Seconds(2));
  EXPECT_THAT(Do({"list"}), Not(HasSubstr("192.0.2.2/32")));
  EXPECT_THAT(Do({"list"}), HasSubstr("198.51.100.1/32"));
  EXPECT_TRUE(site_->agent().WaitForErr(
      "end source 192.0.2.2/32 (rule 2): generation 3, asked by expiry"));
  Do({"block-ip", AgentHost::kPeerIPv4});
  EXPECT_FALSE(PeerGetsThrough());
}

TEST_F(ExpiryTest, ABlockOfAPortEnds) {
  ASSERT_TRUE(site_->StartAgent());
  const std::string port = absl::StrCat(receiver_->port(), "/udp");
  const auto arrives = [this] {
    return receiver_->GetsUdp(site_->peer(), AgentHost::kHostIPv4);
  };
  const absl::Time before = absl::Now();
  Do({"block-port", port, "--ttl", "2s"});
  EXPECT_FALSE(arrives());
  EXPECT_GE(PassesAfter(before, arrives), absl::Seconds(2));
  EXPECT_TRUE(site_->agent().WaitForErr("end port " + port));
}

TEST_F(ExpiryTest, ABlockEndsOnTimeWithTheAgentDead) {
  ASSERT_TRUE(site_->StartAgent());
  const std::string port = absl::StrCat(receiver_->port(), "/udp");
  const auto arrives = [this] {
    return receiver_->GetsUdp(site_->peer(), AgentHost::kHostIPv6);
  };
  Do({"block-ip", "198.51.100.1", "--ttl", "1h"});
  const absl::Time before = absl::Now();
  Do({"block-ip", AgentHost::kPeerIPv4, "--ttl", "3s"});
  Do({"block-port", port, "--ttl", "4s"});
  site_->StopAgent(SIGKILL);
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_FALSE(arrives());
  EXPECT_GE(PassesAfter(before, [this] { return PeerGetsThrough(); }),
            absl::Seconds(3));
  EXPECT_GE(PassesAfter(before, arrives), absl::Seconds(4));

  ASSERT_TRUE(site_->StartAgent());
  EXPECT_TRUE(PeerGetsThrough());
  EXPECT_TRUE(site_->agent().WaitForErr("2 rules have ended: generation 4"));
  const std::string listed = Do({"list"});
  EXPECT_THAT(listed, HasSubstr("198.51.100.1/32"));
  EXPECT_THAT(listed, Not(HasSubstr("192.0.2.2")));
}

TEST_F(ExpiryTest, ARenewedBlockGoesOn) {
  ASSERT_TRUE(site_->StartAgent());
  Do({"block-ip", AgentHost::kPeerIPv4, "--ttl", "2s"});
  const ProcessResult refused =
      site_->Fwctl({"block-ip", AgentHost::kPeerIPv4, "--ttl", "1h"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--renew"));
  const absl::Time before = absl::Now();
  Do({"block-ip", AgentHost::kPeerIPv4, "--ttl", "5s", "--renew"});
  EXPECT_GE(PassesAfter(before, [this] { return PeerGetsThrough(); }),
            absl::Seconds(5));
}

// Nothing can be preloaded before a sanitizer's runtime.
#ifndef FW_SANITIZED

// An agent with a wall clock of its own, which a test can set.
class SetClockTest : public ExpiryTest {
 protected:
  void SetShift(absl::Duration shift) {
    const std::string file = site_->dir() / "shift";
    std::ofstream(file + ".new") << absl::ToInt64Seconds(shift);
    ASSERT_EQ(std::rename((file + ".new").c_str(), file.c_str()), 0);
  }

  void Start() {
    agent_ = std::make_unique<Process>(ProcessOptions{
        .argv = site_->AgentCommand(),
        .netns_path = site_->host().path(),
        .env = {"LD_PRELOAD=" FW_CLOCK_SHIFT,
                "CLOCK_SHIFT_FILE=" + (site_->dir() / "shift")}});
    ASSERT_TRUE(agent_->WaitForErr(" ready\n")) << agent_->Err();
  }

  // How far ahead of the host's clock the one rule that is listed ends.
  absl::Duration EndsIn() {
    const std::string listed = Do({"-o", "json", "list"});
    std::smatch match;
    absl::Time end;
    std::string error;
    const bool read =
        std::regex_search(listed, match,
                          std::regex("\"expireTime\":\"([^\"]+)\"")) &&
        absl::ParseTime(absl::RFC3339_full, match[1].str(), &end, &error);
    EXPECT_TRUE(read) << listed << error;
    return end - absl::Now();
  }

  std::unique_ptr<Process> agent_;
};

TEST_F(SetClockTest, ADayMoreOrLessMovesNoEnd) {
  Start();
  Do({"block-ip", "198.51.100.1", "--ttl", "1h"});
  for (const absl::Duration day : {absl::Hours(24), -absl::Hours(24)}) {
    SetShift(absl::ZeroDuration());
    const absl::Time before = absl::Now();
    Do({"block-ip", AgentHost::kPeerIPv4, "--ttl", "3s"});
    SetShift(day);
    EXPECT_FALSE(PeerGetsThrough());
    const absl::Duration passed_after =
        PassesAfter(before, [this] { return PeerGetsThrough(); });
    EXPECT_GE(passed_after, absl::Seconds(3));
    ReportRow(absl::StrCat("wall clock set by ", absl::FormatDuration(day)),
              absl::StrCat("a block of 3 s ended after ",
                           absl::FormatDuration(passed_after)));
    ASSERT_TRUE(agent_->WaitForErr("end source 192.0.2.2/32"));
    const absl::Duration shown = EndsIn() - day;
    EXPECT_LT(shown, absl::Hours(1) + absl::Seconds(2));
    EXPECT_GT(shown, absl::Minutes(50));
  }
}

TEST_F(SetClockTest, ARestartAfterItWasSetGoesByTheBootClock) {
  SetShift(absl::ZeroDuration());
  Start();
  Do({"block-ip", AgentHost::kPeerIPv4, "--ttl", "1h"});
  for (const absl::Duration day : {absl::Hours(24), -absl::Hours(24)}) {
    agent_->Signal(SIGKILL);
    agent_->Wait();
    SetShift(day);
    Start();
    EXPECT_FALSE(PeerGetsThrough());
    const absl::Duration shown = EndsIn() - day;
    EXPECT_LT(shown, absl::Hours(1) + absl::Seconds(2));
    EXPECT_GT(shown, absl::Minutes(50));
  }
}

#endif

}  // namespace
}  // namespace fwagent::testing
