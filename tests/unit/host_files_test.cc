// What the host's files say, read from texts as the kernel writes them.
#include "agent/service/host_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "agent/service/host_tcp.h"

namespace fwagent::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Texts(const std::vector<TcpPeer>& peers) {
  std::vector<std::string> texts;
  for (const TcpPeer& peer : peers) {
    texts.push_back(peer.address.ToString() + " " +
                    std::to_string(peer.local_port_host));
  }
  return texts;
}

constexpr char kTcp[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
    "retrnsmt   uid  timeout inode\n"
    "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 0 0 0\n"
    "   1: 010200C0:0016 020200C0:C001 01 00000000:00000000 02:000A 0 0 0\n"
    "   2: 010200C0:0050 030200C0:C001 01 00000000:00000000 02:000A 0 0 0\n"
    "   3: 010200C0:0016 040200C0:C001 06 00000000:00000000 02:000A 0 0 0\n"
    "   4: 010200C0:1D13 050200C0:C001 01 00000000:00000000 02:000A 0 0 0\n"
    "   5: broken\n";

TEST(HostTcp, EstablishedConnectionsToThePortsThatAreAskedFor) {
  EXPECT_THAT(Texts(PeersIn(kTcp, false, {22})),
              ElementsAre("192.0.2.2/32 22"));
  EXPECT_THAT(Texts(PeersIn(kTcp, false, {22, 7443})),
              ElementsAre("192.0.2.2/32 22", "192.0.2.5/32 7443"));
  EXPECT_THAT(PeersIn(kTcp, false, {23}), IsEmpty());
  EXPECT_THAT(PeersIn(kTcp, true, {22}), IsEmpty());
}

TEST(HostTcp, IPv6AndWhatItServesOfIPv4) {
  constexpr char kTcp6[] =
      "  sl  local_address                         remote_address\n"
      "   0: B80D0120000000000000000001000000:0016 "
      "B80D0120000000000000000002000000:C001 01 0 0\n"
      "   1: 0000000000000000FFFF0000010200C0:0016 "
      "0000000000000000FFFF0000020200C0:C001 01 0 0\n";
  EXPECT_THAT(Texts(PeersIn(kTcp6, true, {22})),
              ElementsAre("2001:db8::2/128 22", "192.0.2.2/32 22"));
}

TEST(HostFiles, NameServers) {
  const auto servers = NameServersIn(
      "# nameserver 192.0.2.1\nsearch example.org\nnameserver 192.0.2.53\n"
      "nameserver\t2001:db8::53\nnameserver 127.0.0.53\nnameserver ::1\n"
      "nameserver fe80::1%eth0\nnameserver nonsense\nnameserver\n");
  std::vector<std::string> texts;
  for (const auto& server : servers) texts.push_back(server.ToString());
  EXPECT_THAT(texts,
              ElementsAre("192.0.2.53/32", "2001:db8::53/128", "fe80::1/128"));
}

TEST(HostFiles, ProcessesWithAnyName) {
  const auto stat = ReadProcessStat("4711 (a ) (b) S 42 4711 0\n");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->name, "a ) (b");
  EXPECT_EQ(stat->parent, 42);
  EXPECT_FALSE(ReadProcessStat("").has_value());
  EXPECT_FALSE(ReadProcessStat("1 (x)").has_value());
  EXPECT_FALSE(ReadProcessStat(")(").has_value());
}

TEST(HostFiles, AProcessOfWhichNothingIsKnownMayBelongToALogin) {
  EXPECT_TRUE(IsInLoginSession(0));
  EXPECT_TRUE(IsInLoginSession(1 << 30));
  EXPECT_FALSE(IsInLoginSession(1));
}

TEST(HostFiles, Loopback) {
  const auto is = [](const char* text) {
    return IsLoopback(*policy::Prefix::Parse(text));
  };
  EXPECT_TRUE(is("127.0.0.1"));
  EXPECT_TRUE(is("127.255.0.1"));
  EXPECT_TRUE(is("::1"));
  EXPECT_FALSE(is("128.0.0.1"));
  EXPECT_FALSE(is("7f00::1"));
  EXPECT_FALSE(is("::2"));
}

}  // namespace
}  // namespace fwagent::service
