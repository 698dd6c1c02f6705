// Ordered rules, as their user has them: words, packets, kills.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RuleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    one_ = std::make_unique<Receiver>(site_->host());
    two_ = std::make_unique<Receiver>(site_->host());
  }

  ProcessResult Do(const std::string& words, const std::string& input = "") {
    ProcessResult result = site_->Fwctl(absl::StrSplit(words, ' '), input);
    EXPECT_EQ(result.exit_code, 0) << words << ": " << result.err;
    return result;
  }

  bool GetsUdp(Receiver& receiver) {
    return receiver.GetsUdp(site_->peer(), AgentHost::kHostIPv4);
  }

  // What the peer is told when it asks for a connection, or sends a datagram:
  // 0 where it is told nothing is wrong, ETIMEDOUT where it is told nothing.
  int Asks(int type, const std::string& address, std::uint16_t port) {
    const InNetNamespace in(site_->peer());
    const bool v6 = address.find(':') != std::string::npos;
    const util::ScopedFd fd(
        socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK, 0));
    sockaddr_storage to{};
    if (v6) {
      auto* in6 = reinterpret_cast<sockaddr_in6*>(&to);
      in6->sin6_family = AF_INET6;
      in6->sin6_port = htons(port);
      inet_pton(AF_INET6, address.c_str(), &in6->sin6_addr);
    } else {
      auto* in4 = reinterpret_cast<sockaddr_in*>(&to);
      in4->sin_family = AF_INET;
      in4->sin_port = htons(port);
      inet_pton(AF_INET, address.c_str(), &in4->sin_addr);
    }
    const int connected =
        connect(fd.get(), reinterpret_cast<const sockaddr*>(&to),
                v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    if (connected != 0 && errno != EINPROGRESS) return errno;
    if (type == SOCK_DGRAM) send(fd.get(), "x", 1, 0);
    pollfd wait{
        .fd = fd.get(),
        .events = static_cast<short>(type == SOCK_DGRAM ? POLLIN : POLLOUT),
        .revents = 0};
    if (poll(&wait, 1, 1000) == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Receiver> one_;
  std::unique_ptr<Receiver> two_;
};

TEST_F(RuleTest, TheFirstThatMatchesDecidesAndOutlivesTheAgent) {
  ASSERT_TRUE(site_->StartAgent());
  const std::string port = absl::StrCat(one_->port());
  EXPECT_EQ(
      Do("rule add drop from 192.0.2.0/24 proto udp dport " + port).out,
      "added drop from 192.0.2.0/24 proto udp dport " + port + " (rule 1)\n");
  EXPECT_FALSE(GetsUdp(*one_));
  EXPECT_TRUE(GetsUdp(*two_)) << "the twin";
  EXPECT_TRUE(one_->GetsTcp(site_->peer(), AgentHost::kHostIPv4));
  Do("rule add --order 10 pass from 192.0.2.2");
  EXPECT_TRUE(GetsUdp(*one_));
  Do("rule remove 2");
  EXPECT_FALSE(GetsUdp(*one_));
  site_->StopAgent(SIGKILL);
  EXPECT_FALSE(GetsUdp(*one_));
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_FALSE(GetsUdp(*one_));
  EXPECT_THAT(Do("rule list").out, HasSubstr("dport " + port));
  Do("rollback 0");
  EXPECT_TRUE(GetsUdp(*one_));
}

TEST_F(RuleTest, SetsAndInterfacesThatTheyNameChange) {
  ASSERT_TRUE(site_->StartAgent());
  Do("set create office --action allow");
  Do("set add office 198.51.100.0/24");
  Do("rule add drop to 192.0.2.1 from !@office iface eth0");
  EXPECT_FALSE(GetsUdp(*one_));
  Do("set add office 192.0.2.2");
  EXPECT_TRUE(GetsUdp(*one_));
  Do("set remove office 192.0.2.2");
  EXPECT_FALSE(GetsUdp(*one_));
  const ProcessResult refused = site_->Fwctl({"set", "delete", "office"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("is in use: rule"));
  Do("rule remove 2");
  Do("rule add drop to 192.0.2.1 iface wlan*");
  EXPECT_TRUE(GetsUdp(*one_));
}

TEST_F(RuleTest, RulesOfAFileComeAtOnceOrNotAtAll) {
  ASSERT_TRUE(site_->StartAgent());
  const ProcessResult bad = site_->Fwctl(
      {"rule", "add", "-f", "-"}, "# a comment\ndrop dport 1\ndrop dprt 2\n");
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("standard input, line 3"));
  EXPECT_THAT(bad.err, HasSubstr("dprt"));
  EXPECT_THAT(Do("rule list").out, Not(HasSubstr("drop")));
  std::string rules;
  for (int i = 0; i < 4096; ++i) {
    absl::StrAppend(&rules, "drop from 10.", i / 256, ".", i % 256,
                    ".0/24 dport ", i + 1, "\n");
  }
  EXPECT_EQ(Do("rule add -f -", rules).out, "added 4096 rules\n");
  const ProcessResult full = site_->Fwctl({"rule", "add", "drop"});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, HasSubstr("at most 4096"));
}

TEST_F(RuleTest, WhatIsRejectedIsTold) {
  ASSERT_TRUE(site_->StartAgent({"--mode", "generic"}));
  const std::string port = absl::StrCat(one_->port());
  Do("rule add reject dport " + port);
  for (const char* address : {AgentHost::kHostIPv4, AgentHost::kHostIPv6}) {
    SCOPED_TRACE(address);
    EXPECT_EQ(Asks(SOCK_STREAM, address, one_->port()), ECONNREFUSED);
    EXPECT_EQ(Asks(SOCK_STREAM, address, two_->port()), 0);
    EXPECT_EQ(Asks(SOCK_DGRAM, address, one_->port()), ECONNREFUSED);
    EXPECT_EQ(Asks(SOCK_DGRAM, address, two_->port()), ETIMEDOUT);
  }
  Do("rule remove 1");
  Do("rule add drop dport " + port);
  EXPECT_EQ(Asks(SOCK_STREAM, AgentHost::kHostIPv4, one_->port()), ETIMEDOUT);
}

TEST_F(RuleTest, ALimitHoldsAcrossARestart) {
  ASSERT_TRUE(site_->StartAgent());
  Do("rule add limit proto udp rate 1/hour burst 2 per source");
  EXPECT_TRUE(GetsUdp(*one_));
  EXPECT_TRUE(GetsUdp(*two_));
  EXPECT_FALSE(GetsUdp(*one_));
  site_->StopAgent(SIGTERM);
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_FALSE(GetsUdp(*one_));
  EXPECT_TRUE(one_->GetsTcp(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(RuleTest, WordsThatAreWrongAreNamed) {
  ASSERT_TRUE(site_->StartAgent());
  const auto refused = [&](const std::string& words, const std::string& why) {
    const ProcessResult result = site_->Fwctl(absl::StrSplit(words, ' '));
    EXPECT_EQ(result.exit_code, 1) << words;
    EXPECT_THAT(result.err, HasSubstr(why)) << words;
  };
  refused("rule add drop dport 70000", "a number from 0 to 65535");
  refused("rule add drop from 10.0.0.1/8", "10.0.0.0/8");
  refused("rule add dorp", "drop, pass, reject or limit");
  refused("rule add limit dport 53", "needs a rate");
  refused("rule add limit rate 0/second", "lets nothing through");
  refused("rule add drop icmp 8 proto tcp", "no packet can match");
}

}  // namespace
}  // namespace fwagent::testing
