// fwctl explain beside packets that are really sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ExplainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    receiver_ = std::make_unique<Receiver>(site_->host());
    ASSERT_TRUE(site_->StartAgent());
  }

  std::string Do(const std::vector<std::string>& arguments) {
    const ProcessResult result = site_->Fwctl(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  std::string Explain(const std::string& source) {
    return Do({"explain", "--src", source, "--dst", AgentHost::kHostIPv4,
               "--proto", "icmp"});
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(ExplainTest, SaysWhatThePacketsShow) {
  EXPECT_THAT(Explain(AgentHost::kPeerIPv4), StartsWith("pass: no-match"));
  EXPECT_TRUE(Pings(site_->peer(), AgentHost::kHostIPv4));
  Do({"block-ip", "192.0.2.0/24", "--comment", "the whole net"});
  EXPECT_THAT(Explain(AgentHost::kPeerIPv4),
              AllOf(StartsWith("drop: source-blocked"), HasSubstr(" on eth0"),
                    HasSubstr("decided by rule 1: block source 192.0.2.0/24"),
                    HasSubstr(": the whole net")));
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
  Do({"allow-ip", AgentHost::kPeerIPv4});
  EXPECT_THAT(Explain(AgentHost::kPeerIPv4),
              AllOf(StartsWith("pass: source-allowed"),
                    HasSubstr("decided by rule 2: allow source 192.0.2.2/32"),
                    HasSubstr("shadowed   rule 1: block source")));
  EXPECT_TRUE(Pings(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(ExplainTest, OrderedRulesAreNamed) {
  Do({"rule", "add", "drop", "dport", "22-30", "--order", "20"});
  Do({"rule", "add", "pass", "from", "192.0.2.0/24", "dport", "22", "--order",
      "10", "--comment", "office"});
  Do({"block-port", "22/tcp"});
  const auto explain = [this](const std::string& port) {
    return Do({"explain", "--src", AgentHost::kPeerIPv4, "--dst",
               AgentHost::kHostIPv4, "--proto", "tcp", "--dport", port});
  };
  EXPECT_THAT(explain("22"),
              AllOf(StartsWith("pass: rule"), HasSubstr("decided by rule 2: "),
                    HasSubstr(": office"), HasSubstr("shadowed   rule 1: "),
                    HasSubstr("shadowed   rule 3: block port 22/tcp")));
  EXPECT_THAT(explain("23"),
              AllOf(StartsWith("drop: rule"), HasSubstr("decided by rule 1: "),
                    ::testing::Not(HasSubstr("shadowed"))));
  EXPECT_THAT(explain("31"), StartsWith("pass: no-match"));
}

TEST_F(ExplainTest, OfAPacketNothingIsCounted) {
  Do({"block-ip", "198.51.100.0/24"});
  for (int i = 0; i < 5; ++i) Explain("198.51.100.7");
  EXPECT_THAT(Do({"stats"}), ::testing::Not(HasSubstr("source-blocked")));
}

TEST_F(ExplainTest, OfAnInterfaceThatIsGuarded) {
  EXPECT_EQ(site_->Fwctl({"explain", "--src", "192.0.2.7", "--iface", "eth7"})
                .exit_code,
            1);
  EXPECT_THAT(Do({"explain", "--src", "192.0.2.7", "--iface", "eth0"}),
              StartsWith("pass: no-match"));
}

}  // namespace
}  // namespace fwagent::testing
