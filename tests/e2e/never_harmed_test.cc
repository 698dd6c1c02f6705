// What the network itself needs, where everything that no rule allows is
// dropped: with the real neighbour tables and path MTUs of Linux.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/util/scoped_fd.h"
#include "tests/support/agent_host.h"
#include "tests/support/process.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kFarMtu = 1280;
constexpr char kFarIPv4[] = "203.0.113.9";
constexpr char kFarIPv6[] = "2001:db8:f::9";

class NeverHarmedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    ASSERT_TRUE(site_->StartAgent({"--default-verdict", "drop"}));
  }

  // As when the neighbours have been silent for minutes.
  void ForgetNeighbors() {
    for (const NetNamespace* side : {&site_->host(), &site_->peer()}) {
      ASSERT_TRUE(side->Ip({"neigh", "flush", "all"}).ok());
    }
  }

  // What one side knows of its neighbours, as soon as it knows this one's link
  // address, or two seconds after it was asked to find out.
  static std::string Neighbors(const NetNamespace& side,
                               const std::string& address) {
    std::string known;
    for (int tries = 0; tries < 20; ++tries) {
      known = RunProcess({.argv = {"ip", "neigh", "show", "dev", "eth0"},
                          .netns_path = side.path()})
                  .out;
      if (known.find(address + " lladdr ") != std::string::npos) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return known;
  }

  // The peer becomes a router to a network with a smaller MTU.
  void BuildNarrowPath() {
    const NetNamespace& router = site_->peer();
    const std::vector<std::vector<std::string>> on_router = {
        {"link", "add", "far0", "type", "veth", "peer", "name", "far1"},
        {"link", "set", "far0", "mtu", std::to_string(kFarMtu), "up"},
        {"link", "set", "far1", "up"},
        {"address", "add", "203.0.113.1/24", "dev", "far0"},
        {"address", "add", "2001:db8:f::1/64", "dev", "far0", "nodad"}};
    for (const auto& arguments : on_router) {
      const absl::Status status = router.Ip(arguments);
      ASSERT_TRUE(status.ok()) << status;
    }
    {
      const InNetNamespace inside(router);
      std::ofstream("/proc/sys/net/ipv4/ip_forward") << 1;
      std::ofstream("/proc/sys/net/ipv6/conf/all/forwarding") << 1;
    }
    const NetNamespace& host = site_->host();
    ASSERT_TRUE(
        host.Ip({"route", "add", "203.0.113.0/24", "via", AgentHost::kPeerIPv4})
            .ok());
    ASSERT_TRUE(host.Ip({"-6", "route", "add", "2001:db8:f::/64", "via",
                         AgentHost::kPeerIPv6})
                    .ok());
  }

  std::unique_ptr<AgentHost> site_;
};

// Sends what is too large for the path until the kernel says what is not.
class PathProbe {
 public:
  PathProbe(const NetNamespace& from, const sockaddr_in& to)
      : PathProbe(from, AF_INET, reinterpret_cast<const sockaddr*>(&to),
                  sizeof(to)) {}
  PathProbe(const NetNamespace& from, const sockaddr_in6& to)
      : PathProbe(from, AF_INET6, reinterpret_cast<const sockaddr*>(&to),
                  sizeof(to)) {}

  // The MTU that is known after at most two seconds of trying.
  int FindMtu() {
    const std::vector<char> datagram(1400);
    int mtu = 0;
    for (int tries = 0; tries < 40 && mtu != kFarMtu; ++tries) {
      send(fd_.get(), datagram.data(), datagram.size(), 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      socklen_t size = sizeof(mtu);
      getsockopt(fd_.get(), is_ipv6_ ? int{IPPROTO_IPV6} : int{IPPROTO_IP},
                 is_ipv6_ ? IPV6_MTU : IP_MTU, &mtu, &size);
    }
    return mtu;
  }

 private:
  PathProbe(const NetNamespace& from, int family, const sockaddr* to,
            socklen_t size)
      : is_ipv6_(family == AF_INET6) {
    const InNetNamespace inside(from);
    fd_.reset(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int on = IP_PMTUDISC_DO;
    if (!is_ipv6_) {
      setsockopt(fd_.get(), IPPROTO_IP, IP_MTU_DISCOVER, &on, sizeof(on));
    }
    EXPECT_EQ(connect(fd_.get(), to, size), 0);
  }

  const bool is_ipv6_;
  util::ScopedFd fd_;
};

TEST_F(NeverHarmedTest, NeighborsFindTheHostAndTheHostFindsThem) {
  for (const char* host : {AgentHost::kHostIPv4, AgentHost::kHostIPv6}) {
    ASSERT_NO_FATAL_FAILURE(ForgetNeighbors());
    EXPECT_FALSE(Pings(site_->peer(), host));
    EXPECT_THAT(Neighbors(site_->peer(), host),
                HasSubstr(std::string(host) + " lladdr "));
  }
  for (const char* peer : {AgentHost::kPeerIPv4, AgentHost::kPeerIPv6}) {
    ASSERT_NO_FATAL_FAILURE(ForgetNeighbors());
    EXPECT_FALSE(Pings(site_->host(), peer));
    EXPECT_THAT(Neighbors(site_->host(), peer),
                HasSubstr(std::string(peer) + " lladdr "));
  }
}

TEST_F(NeverHarmedTest, NothingElseGetsIn) {
  const Receiver receiver(site_->host());
  for (const char* host : {AgentHost::kHostIPv4, AgentHost::kHostIPv6}) {
    EXPECT_FALSE(Pings(site_->peer(), host)) << host;
    EXPECT_FALSE(receiver.GetsTcp(site_->peer(), host)) << host;
  }
}

// The router is not allowed: nothing else of it gets in.
TEST_F(NeverHarmedTest, TheHostLearnsThatAPathIsNarrow) {
  ASSERT_NO_FATAL_FAILURE(BuildNarrowPath());
  sockaddr_in far4 = {};
  far4.sin_family = AF_INET;
  far4.sin_port = htons(9);
  ASSERT_EQ(inet_pton(AF_INET, kFarIPv4, &far4.sin_addr), 1);
  EXPECT_EQ(PathProbe(site_->host(), far4).FindMtu(), kFarMtu);
  sockaddr_in6 far6 = {};
  far6.sin6_family = AF_INET6;
  far6.sin6_port = htons(9);
  ASSERT_EQ(inet_pton(AF_INET6, kFarIPv6, &far6.sin6_addr), 1);
  EXPECT_EQ(PathProbe(site_->host(), far6).FindMtu(), kFarMtu);
}

TEST_F(NeverHarmedTest, WhatPassesAllTheSameIsShownAndCanBeChanged) {
  EXPECT_THAT(site_->Fwctl({"status"}).out,
              HasSubstr("eth0: drops what no rule passes, but for: not IP "
                        "(ARP), neighbor-discovery, icmp-errors, "
                        "multicast-listeners, dhcp\n"));
  site_->StopAgent(SIGTERM);
  ASSERT_TRUE(site_->StartAgent(
      {"--default-verdict", "drop", "--essential", "dhcp,icmp-errors"}));
  EXPECT_THAT(site_->Fwctl({"status"}).out,
              HasSubstr("(ARP), icmp-errors, dhcp\n"));
  ASSERT_NO_FATAL_FAILURE(ForgetNeighbors());
  Pings(site_->peer(), AgentHost::kHostIPv4);
  Pings(site_->peer(), AgentHost::kHostIPv6);
  EXPECT_THAT(Neighbors(site_->peer(), AgentHost::kHostIPv4),
              HasSubstr(" lladdr "));
  EXPECT_THAT(Neighbors(site_->peer(), AgentHost::kHostIPv6),
              Not(HasSubstr(std::string(AgentHost::kHostIPv6) + " lladdr ")));
}

TEST_F(NeverHarmedTest, APolicyThatIsOnlyTriedDropsNothingAndCountsIt) {
  site_->StopAgent(SIGTERM);
  ASSERT_TRUE(
      site_->StartAgent({"--default-verdict", "drop", "--shadow", "true"}));
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv6}).exit_code, 0);
  for (const char* host : {AgentHost::kHostIPv4, AgentHost::kHostIPv6}) {
    EXPECT_TRUE(Pings(site_->peer(), host)) << host;
  }
  const std::string stats = site_->Fwctl({"stats"}).out;
  EXPECT_THAT(stats, HasSubstr("would-drop  source-blocked"));
  EXPECT_THAT(stats, HasSubstr("would-drop  default"));
  EXPECT_THAT(stats, Not(HasSubstr("\n  drop ")));
  EXPECT_THAT(site_->Fwctl({"explain", "--src", AgentHost::kPeerIPv6}).out,
              HasSubstr("would-drop: source-blocked"));
}

// So the test above can fail.
TEST_F(NeverHarmedTest, ABlockedRouterCannotSayIt) {
  ASSERT_NO_FATAL_FAILURE(BuildNarrowPath());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  sockaddr_in far = {};
  far.sin_family = AF_INET;
  far.sin_port = htons(9);
  ASSERT_EQ(inet_pton(AF_INET, kFarIPv4, &far.sin_addr), 1);
  EXPECT_NE(PathProbe(site_->host(), far).FindMtu(), kFarMtu);
}

}  // namespace
}  // namespace fwagent::testing
