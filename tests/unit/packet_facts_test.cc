// What the agent reads of a packet, to name rules.
#include "agent/dataplane/packet_facts.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/packet.h"

namespace fwagent::dataplane {
namespace {

using policy::PacketFacts;
using policy::Prefix;
using policy::Protocol;
using testing::Bytes;
using testing::Ethernet;
using testing::Extension;
using testing::Fragment;
using testing::IPv4;
using testing::IPv6;
using testing::Packet;
using testing::Raw;
using testing::Tcp;
using testing::Times;
using testing::Udp;
using testing::Vlan;

PacketFacts Read(const Bytes& frame) {
  PacketFacts facts = ReadFacts(std::string(frame.begin(), frame.end()));
  facts.more = {};  // is asked for elsewhere
  return facts;
}

PacketFacts Facts(const char* source) {
  return {.source = *Prefix::Parse(source)};
}
PacketFacts Facts(const char* source, Protocol protocol) {
  PacketFacts facts = Facts(source);
  facts.protocol = protocol;
  return facts;
}
PacketFacts Facts(const char* source, Protocol protocol, std::uint16_t port) {
  PacketFacts facts = Facts(source, protocol);
  facts.port_host = port;
  return facts;
}

TEST(PacketFacts, WhatIsWhole) {
  EXPECT_EQ(
      Read(
          (Ethernet{} / IPv4{.src = "192.0.2.7"} / Tcp{.dport = 22}).ToBytes()),
      Facts("192.0.2.7", Protocol::kTcp, 22));
  EXPECT_EQ(Read((Ethernet{} / Vlan{} / Vlan{} / IPv4{.option_words = 3} /
                  Udp{.sport = 1, .dport = 53})
                     .ToBytes()),
            Facts("192.0.2.1", Protocol::kUdp, 53));
  EXPECT_EQ(Read((Packet() / Ethernet{} / IPv6{.src = "2001:db8::9"} /
                  Times(3, Extension{}) / Tcp{.dport = 443})
                     .ToBytes()),
            Facts("2001:db8::9", Protocol::kTcp, 443));
}

TEST(PacketFacts, WhatHasNoPorts) {
  EXPECT_EQ(Read((Ethernet{} / IPv4{.protocol = 47} / Raw{}).ToBytes()),
            Facts("192.0.2.1"));
  EXPECT_EQ(Read((Ethernet{} / IPv4{.fragment_offset = 9} / Tcp{}).ToBytes()),
            Facts("192.0.2.1"));
  // The protocol of one whose ports are cut off is known.
  EXPECT_EQ(Read((Ethernet{} / IPv4{.protocol = 6}).ToBytes()),
            Facts("192.0.2.1", Protocol::kTcp));
  EXPECT_EQ(
      Read((Ethernet{} / IPv6{} / Fragment{.more = true} / Udp{.dport = 9})
               .ToBytes()),
      Facts("2001:db8::1", Protocol::kUdp, 9));
}

TEST(PacketFacts, WhatIsNoPacketWithAnAddress) {
  EXPECT_EQ(Read({}), PacketFacts());
  EXPECT_EQ(Read(Bytes(14)), PacketFacts());
  EXPECT_EQ(Read((Ethernet{.ethertype = 0x0806} / Raw{}).ToBytes()),
            PacketFacts());
  EXPECT_EQ(Read((Ethernet{} / IPv4{.version = 5} / Tcp{}).ToBytes()),
            PacketFacts());
  EXPECT_EQ(Read((Packet() / Ethernet{} / Times(17, Vlan{}) / IPv4{} / Tcp{})
                     .ToBytes()),
            PacketFacts());
}

}  // namespace
}  // namespace fwagent::dataplane
