// What a user sees: fwctl says a thing, and packets do it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;

class BlockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    receiver_ = std::make_unique<Receiver>(site_->host());
    ASSERT_TRUE(site_->StartAgent());
  }

  // fwctl succeeds.
  ProcessResult Do(const std::vector<std::string>& arguments) {
    const ProcessResult result = site_->Fwctl(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  }

  void ExpectEverything(bool arrives, bool v4) {
    const char* host = v4 ? AgentHost::kHostIPv4 : AgentHost::kHostIPv6;
    EXPECT_EQ(Pings(site_->peer(), host), arrives) << host;
    EXPECT_EQ(receiver_->GetsTcp(site_->peer(), host), arrives) << host;
    EXPECT_EQ(receiver_->GetsUdp(site_->peer(), host), arrives) << host;
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(BlockTest, BlockIPStopsASourceOfOneFamilyAndUnblockLetsItFlow) {
  ExpectEverything(true, true);
  ExpectEverything(true, false);
  EXPECT_THAT(Do({"block-ip", AgentHost::kPeerIPv4}).out,
              HasSubstr("192.0.2.2/32"));
  ExpectEverything(false, true);
  ExpectEverything(true, false);
  Do({"unblock-ip", AgentHost::kPeerIPv4});
  ExpectEverything(true, true);
}

TEST_F(BlockTest, BlockIPv6) {
  Do({"block-ip", AgentHost::kPeerIPv6});
  ExpectEverything(false, false);
  ExpectEverything(true, true);
  Do({"unblock-ip", AgentHost::kPeerIPv6});
  ExpectEverything(true, false);
}

TEST_F(BlockTest, TheSourceIsBlockedNotTheDestination) {
  Do({"block-ip", AgentHost::kHostIPv4});
  ExpectEverything(true, true);
}

TEST_F(BlockTest, APrefixBlocksEveryAddressInIt) {
  Do({"block-ip", "192.0.2.0/30"});
  ExpectEverything(false, true);
  Do({"unblock-ip", "192.0.2.0/30"});
  Do({"block-ip", "192.0.2.4/30"});
  ExpectEverything(true, true);
}

TEST_F(BlockTest, AnAllowBeatsBlocksOfAnyLengthAndOfPorts) {
  Do({"block-ip", AgentHost::kPeerIPv4, AgentHost::kPeerIPv6});
  Do({"block-ip", "any"});
  Do({"block-port", absl::StrCat(receiver_->port(), "/tcp")});
  ExpectEverything(false, true);
  Do({"allow-ip", "192.0.2.0/24"});
  ExpectEverything(true, true);
  ExpectEverything(false, false);
  Do({"unallow-ip", "192.0.2.0/24"});
  ExpectEverything(false, true);
}

TEST_F(BlockTest, ABlockStandsUntilTheLastOwnerLetsGo) {
  Do({"block-ip", AgentHost::kPeerIPv4});
  Do({"block-ip", AgentHost::kPeerIPv4, "--owner", "fail2ban"});
  EXPECT_THAT(Do({"unblock-ip", AgentHost::kPeerIPv4}).out,
              HasSubstr("still blocked by fail2ban"));
  ExpectEverything(false, true);
  const ProcessResult refused = site_->Fwctl({"unblock-ip", "192.0.2.2"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--all-owners"));
  Do({"unblock-ip", AgentHost::kPeerIPv4, "--owner", "fail2ban"});
  ExpectEverything(true, true);
}

TEST_F(BlockTest, BlockPortStopsOneProtocolOnly) {
  const std::string port = absl::StrCat(receiver_->port());
  Do({"block-port", port + "/tcp"});
  for (const char* host : {AgentHost::kHostIPv4, AgentHost::kHostIPv6}) {
    EXPECT_FALSE(receiver_->GetsTcp(site_->peer(), host));
    EXPECT_TRUE(receiver_->GetsUdp(site_->peer(), host));
    EXPECT_TRUE(Pings(site_->peer(), host));
  }
  Do({"unblock-port", port + "/tcp"});
  EXPECT_TRUE(receiver_->GetsTcp(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(BlockTest, APortRangeHitsItsEndsAndNothingBeyond) {
  const int port = receiver_->port();
  Do({"block-port", absl::StrCat(port - 1, "-", port, "/udp")});
  EXPECT_FALSE(receiver_->GetsUdp(site_->peer(), AgentHost::kHostIPv4));
  Do({"unblock-port", absl::StrCat(port - 1, "-", port, "/udp")});
  Do({"block-port", absl::StrCat(port + 1, "-65535/udp")});
  EXPECT_TRUE(receiver_->GetsUdp(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(BlockTest, FragmentsOfAnInnocentDatagramArrive) {
  Do({"block-port", "1-100/udp"});
  EXPECT_TRUE(receiver_->GetsUdp(site_->peer(), AgentHost::kHostIPv4, 8000));
  EXPECT_TRUE(receiver_->GetsUdp(site_->peer(), AgentHost::kHostIPv6, 8000));
}

TEST_F(BlockTest, CountersSayWhatWasDroppedAndWhy) {
  Do({"block-ip", AgentHost::kPeerIPv4});
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
  EXPECT_THAT(Do({"stats"}).out, HasSubstr("source-blocked"));
  EXPECT_THAT(Do({"-o", "json", "stats"}).out,
              HasSubstr("REASON_SOURCE_BLOCKED"));
}

TEST_F(BlockTest, RefusalsChangeNothingAndExitWithOne) {
  const ProcessResult refused = site_->Fwctl({"block-ip", "192.0.2.2/24"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("192.0.2.0/24"));
  ExpectEverything(true, true);
  EXPECT_EQ(site_->Fwctl({"unblock-ip", "192.0.2.2"}).exit_code, 1);
  EXPECT_EQ(site_->Fwctl({"unblock-ip", "192.0.2.2", "--missing-ok"}).exit_code,
            0);
  Do({"block-ip", "192.0.2.2"});
  EXPECT_EQ(site_->Fwctl({"block-ip", "192.0.2.2"}).exit_code, 1);
  EXPECT_EQ(site_->Fwctl({"block-ip", "192.0.2.2", "--exist-ok"}).exit_code, 0);
}

}  // namespace
}  // namespace fwagent::testing
