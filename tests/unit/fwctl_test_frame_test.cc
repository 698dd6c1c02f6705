// The packets of `fwctl explain`, read back by the parser of the agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "agent/dataplane/packet_facts.h"
#include "client/test_frame.h"

namespace fwagent::client {
namespace {

using dataplane::ReadFacts;
using policy::PacketFacts;
using policy::Prefix;
using policy::Protocol;
using ::testing::HasSubstr;

PacketFacts FactsOf(const PacketWords& words) {
  const auto frame = BuildFrame(words);
  EXPECT_TRUE(frame.ok()) << frame.status();
  PacketFacts facts = frame.ok() ? ReadFacts(*frame) : PacketFacts();
  facts.more = {};
  return facts;
}

std::string ErrorOf(const PacketWords& words) {
  return std::string(BuildFrame(words).status().message());
}

TEST(TestFrame, PortsOfEveryProtocolThatHasThem) {
  const std::pair<const char*, Protocol> rows[] = {
      {"tcp", Protocol::kTcp},   {"udp", Protocol::kUdp},
      {"SCTP", Protocol::kSctp}, {"udplite", Protocol::kUdpLite},
      {"dccp", Protocol::kDccp}, {"6", Protocol::kTcp},
      {"17", Protocol::kUdp},
  };
  for (const auto& [name, protocol] : rows) {
    for (const char* source : {"192.0.2.7", "2001:db8::7"}) {
      EXPECT_EQ(FactsOf({.source = source,
                         .protocol = name,
                         .source_port = 7,
                         .destination_port = 65535}),
                (PacketFacts{.source = *Prefix::Parse(source),
                             .protocol = protocol,
                             .port_host = 65535}))
          << name << " " << source;
    }
  }
}

TEST(TestFrame, WithoutPorts) {
  const PacketFacts expected{.source = *Prefix::Parse("192.0.2.7")};
  EXPECT_EQ(FactsOf({.source = "192.0.2.7"}), expected);
  EXPECT_EQ(FactsOf({.source = "192.0.2.7", .protocol = "icmp"}), expected);
  EXPECT_EQ(FactsOf({.source = "192.0.2.7", .protocol = "47"}), expected);
}

TEST(TestFrame, WhereThingsStand) {
  const auto echo = BuildFrame({.source = "192.0.2.7",
                                .destination = "198.51.100.9",
                                .protocol = "icmp",
                                .icmp_type = std::uint8_t{3}});
  ASSERT_TRUE(echo.ok());
  ASSERT_EQ(echo->size(), 14u + 20 + 8);
  EXPECT_EQ(echo->substr(12, 3), std::string("\x08\x00\x45", 3));
  EXPECT_EQ((*echo)[17], 28);  // total length
  EXPECT_EQ(echo->substr(26, 8),
            std::string("\xc0\x00\x02\x07\xc6\x33\x64\x09", 8));
  EXPECT_EQ((*echo)[34], 3);
  const auto syn = BuildFrame({.source = "2001:db8::7",
                               .destination = "2001:db8::1",
                               .protocol = "tcp",
                               .source_port = 0x1234,
                               .destination_port = 22});
  ASSERT_TRUE(syn.ok());
  ASSERT_EQ(syn->size(), 14u + 40 + 20);
  EXPECT_EQ(syn->substr(14 + 40, 4), std::string("\x12\x34\x00\x16", 4));
}

TEST(TestFrame, WhatIsWrongIsNamed) {
  EXPECT_THAT(ErrorOf({.source = "192.0.2"}), HasSubstr("--src: \"192.0.2\""));
  EXPECT_THAT(ErrorOf({.source = "192.0.2.1", .destination = "::1"}),
              HasSubstr("different families"));
  EXPECT_THAT(ErrorOf({.source = "192.0.2.1", .destination = "host"}),
              HasSubstr("--dst: \"host\""));
  EXPECT_THAT(ErrorOf({.source = "192.0.2.1", .protocol = "tpc"}),
              HasSubstr("--proto: \"tpc\""));
  EXPECT_THAT(ErrorOf({.source = "192.0.2.1", .protocol = "256"}),
              HasSubstr("--proto"));
  EXPECT_THAT(ErrorOf({.source = "192.0.2.1", .protocol = "tcp"}),
              HasSubstr("--dport is required with --proto tcp"));
  EXPECT_THAT(ErrorOf({.source = "192.0.2.1", .destination_port = 22}),
              HasSubstr("need a protocol with ports"));
  EXPECT_THAT(ErrorOf({.source = "192.0.2.1",
                       .protocol = "udp",
                       .destination_port = 22,
                       .icmp_type = std::uint8_t{8}}),
              HasSubstr("--icmp-type needs"));
}

TEST(TestFrame, AnEthernetHeaderBeforeWhatHasNone) {
  const auto frame = BuildFrame({.source = "2001:db8::7"});
  ASSERT_TRUE(frame.ok());
  const auto again = WithEthernet(frame->substr(14));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, *frame);
  EXPECT_FALSE(WithEthernet("").ok());
  EXPECT_FALSE(WithEthernet("\x70").ok());
}

}  // namespace
}  // namespace fwagent::client
