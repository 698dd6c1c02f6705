// What ordered rules ask, of packets as the agent reads them.
#include <gtest/gtest.h>

#include <string>

#include "agent/dataplane/packet_facts.h"
#include "agent/policy/packet_facts.h"
#include "tests/support/packet.h"

namespace fwagent::dataplane {
namespace {

using testing::Bytes;
using testing::Ethernet;
using testing::Extension;
using testing::IPv4;
using testing::IPv6;
using testing::Packet;
using testing::Raw;
using testing::Tcp;
using testing::Times;
using testing::Udp;
using testing::Vlan;

bool Holds(const std::string& words, const Bytes& frame,
           const std::string& interface = "eth0") {
  const auto match = policy::PacketMatch::Parse(words, 1);
  EXPECT_TRUE(match.ok()) << match.status();
  if (!match.ok()) return false;
  policy::PacketFacts facts =
      ReadFacts(std::string(frame.begin(), frame.end()));
  facts.more.interface = interface;
  return policy::Holds(match->conditions(), facts,
                       [](const std::string& set, const policy::Prefix& host) {
                         return set == "office" &&
                                host.ToString() == "192.0.2.7/32";
                       });
}

const Bytes kTcp4 = (Ethernet{} / Vlan{.id = 5} /
                     IPv4{.src = "192.0.2.7", .dst = "198.51.100.1"} /
                     Tcp{.sport = 4000, .dport = 22})
                        .ToBytes();
const Bytes kUdp6 = (Packet() / Ethernet{} /
                     IPv6{.src = "2001:db8::7", .dst = "2001:db8:1::1"} /
                     Times(2, Extension{}) / Udp{.sport = 53, .dport = 4000})
                        .ToBytes();
const Bytes kIcmp =
    (Ethernet{} / IPv4{.protocol = 1} / Raw{.bytes = {3, 4, 0, 0, 0, 0, 0, 0}})
        .ToBytes();

TEST(PacketConditions, EachWithATwin) {
  struct Row {
    const char* holds;
    const char* does_not;
    const Bytes& frame;
  };
  const Row rows[] = {
      {"any", "from 192.0.3.0/24", kTcp4},
      {"from 192.0.2.0/24", "from !192.0.2.0/24", kTcp4},
      {"from @office", "from @other", kTcp4},
      {"from !@other", "from !@office", kTcp4},
      {"to 198.51.100.0/24", "to 198.51.101.0/24", kTcp4},
      {"to 2001:db8:1::/48", "to 2001:db8::/48", kUdp6},
      {"proto tcp", "proto udp", kTcp4},
      {"proto udp", "proto tcp", kUdp6},
      {"dport 20-22", "dport 23-30", kTcp4},
      {"sport 4000", "sport 22", kTcp4},
      {"sport 53 dport 4000", "sport 53 dport 53", kUdp6},
      {"vlan 5", "vlan 6", kTcp4},
      {"iface eth*", "iface eth1", kTcp4},
      {"length 40", "length 41-1500", kTcp4},
  };
  for (const Row& row : rows) {
    EXPECT_TRUE(Holds(row.holds, row.frame)) << row.holds;
    EXPECT_FALSE(Holds(row.does_not, row.frame)) << row.does_not;
  }
}

TEST(PacketConditions, Icmp) {
  EXPECT_TRUE(Holds("icmp 3", kIcmp));
  EXPECT_FALSE(Holds("icmp 8", kIcmp));
  EXPECT_FALSE(Holds("icmpv6 3", kIcmp));
}

TEST(PacketConditions, OfWhatAPacketDoesNotHaveNoneHolds) {
  EXPECT_FALSE(Holds("dport !22", kIcmp));
  EXPECT_FALSE(Holds("vlan !5", kUdp6));
  EXPECT_FALSE(Holds("iface !eth1", kTcp4, ""));
  const Bytes later =
      (Ethernet{} / IPv4{.protocol = 6, .fragment_offset = 9} / Raw{})
          .ToBytes();
  EXPECT_TRUE(Holds("proto tcp", later));
  EXPECT_FALSE(Holds("dport !22", later));
}

}  // namespace
}  // namespace fwagent::dataplane
