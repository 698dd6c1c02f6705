// Ordered rules, condition by condition.
#include <netinet/in.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using FilterRuleTest = FilterTest;

constexpr Judgement kRuleDropped = {FW_VERDICT_DROP, FW_REASON_RULE};
constexpr Judgement kRulePassed = {FW_VERDICT_PASS, FW_REASON_RULE};

Bytes TcpFrom(const std::string& source, std::uint16_t dport = 80,
              std::uint16_t sport = 49152) {
  return (Ethernet{} / IPv4{.src = source} /
          Tcp{.sport = sport, .dport = dport})
      .ToBytes();
}

Bytes TcpTo(const std::string& destination, std::uint16_t dport = 80) {
  return (Ethernet{} / IPv4{.dst = destination} / Tcp{.dport = dport})
      .ToBytes();
}

Bytes Tcp6From(const std::string& source, std::uint16_t dport = 80) {
  return (Ethernet{} / IPv6{.src = source} / Tcp{.dport = dport}).ToBytes();
}

Bytes UdpFrom(const std::string& source, std::uint16_t dport = 80) {
  return (Ethernet{} / IPv4{.src = source} / Udp{.dport = dport}).ToBytes();
}

Bytes Icmp(std::uint8_t type, std::uint8_t code) {
  return (Ethernet{} / IPv4{} /
          Raw{.bytes = {type, code, 0, 0, 0, 0, 0, 0},
              .ip_protocol = IPPROTO_ICMP})
      .ToBytes();
}

Bytes Icmp6(std::uint8_t type, std::uint8_t code) {
  return (Ethernet{} / IPv6{} /
          Raw{.bytes = {type, code, 0, 0, 0, 0, 0, 0},
              .ip_protocol = IPPROTO_ICMPV6})
      .ToBytes();
}

Bytes WithFlags(std::uint8_t flags) {
  return (Ethernet{} / IPv4{} /
          Raw{.bytes = {0xc0, 0, 0,    80,    0, 0, 0, 0, 0, 0,
                        0,    0, 0x50, flags, 0, 0, 0, 0, 0, 0},
              .ip_protocol = IPPROTO_TCP})
      .ToBytes();
}

// A packet that the rule drops, and a twin that it does not match.
Case Row(const std::string& rule, Bytes frame, Bytes twin,
         Judgement twin_judgement = kPassed) {
  return {.name = rule,
          .rules = {.ordered = {absl::StrCat("drop ", rule)}},
          .frame = std::move(frame),
          .judgement = kRuleDropped,
          .twin = std::move(twin),
          .twin_judgement = twin_judgement};
}

TEST_F(FilterRuleTest, SourceAddresses) {
  CheckAll({
      Row("from 192.0.2.0/24", TcpFrom("192.0.2.255"), TcpFrom("192.0.3.0")),
      Row("from 192.0.2.1", TcpFrom("192.0.2.1"), TcpFrom("192.0.2.2")),
      Row("from 192.0.2.1,10.0.0.0/8", TcpFrom("10.255.0.1"),
          TcpFrom("11.0.0.1")),
      Row("from !192.0.2.0/24", TcpFrom("192.0.3.0"), TcpFrom("192.0.2.7")),
      Row("from 2001:db8::/32", Tcp6From("2001:db8::1"),
          Tcp6From("2001:db9::1")),
      Row("from 2001:db8::17", Tcp6From("2001:db8::17"),
          Tcp6From("2001:db8::16")),
      Row("from 2001:db8::17", Tcp6From("2001:db8::17"), TcpFrom("192.0.2.1")),
      Row("from !192.0.2.0/24", Tcp6From("2001:db8::17"), TcpFrom("192.0.2.1")),
      Row("from 128.0.0.0/1", TcpFrom("128.0.0.0"), TcpFrom("127.255.255.255")),
  });
}

TEST_F(FilterRuleTest, DestinationAddresses) {
  CheckAll({
      Row("to 198.51.100.0/24", TcpTo("198.51.100.9"), TcpTo("198.51.101.9")),
      Row("to !198.51.100.0/24", TcpTo("198.51.101.9"), TcpTo("198.51.100.9")),
      Row("from 192.0.2.0/24 to 198.51.100.7", TcpTo("198.51.100.7"),
          TcpTo("198.51.100.8")),
      Row("to 2001:db8:1::/48", Tcp6From("2001:db8::1"),
          (Ethernet{} / IPv6{.dst = "2001:db8:2::1"} / Tcp{}).ToBytes()),
  });
}

TEST_F(FilterRuleTest, Sets) {
  const Rules rules = {.ordered = {"drop from @office dport 22"},
                       .sets = {{"office", {"10.0.0.0/8", "2001:db8:7::/48"}}}};
  CheckAll({
      {"in", rules, TcpFrom("10.1.2.3", 22), kRuleDropped,
       TcpFrom("11.1.2.3", 22)},
      {"in, IPv6", rules, Tcp6From("2001:db8:7::1", 22), kRuleDropped,
       Tcp6From("2001:db8:8::1", 22)},
      {"another port", rules, TcpFrom("10.1.2.3", 22), kRuleDropped,
       TcpFrom("10.1.2.3", 23)},
  });
}

TEST_F(FilterRuleTest, ProtocolsAndPorts) {
  CheckAll({
      Row("proto tcp", TcpFrom("192.0.2.1"), UdpFrom("192.0.2.1")),
      Row("proto !tcp", UdpFrom("192.0.2.1"), TcpFrom("192.0.2.1")),
      Row("proto gre", (Ethernet{} / IPv4{} / Raw{.ip_protocol = 47}).ToBytes(),
          (Ethernet{} / IPv4{} / Raw{.ip_protocol = 46}).ToBytes()),
      Row("proto tcp", Tcp6From("2001:db8::1"),
          (Ethernet{} / IPv6{} / Udp{}).ToBytes()),
      Row("dport 22,80-90", TcpFrom("192.0.2.1", 90), TcpFrom("192.0.2.1", 91)),
      Row("dport 22,80-90", UdpFrom("192.0.2.1", 22), UdpFrom("192.0.2.1", 23)),
      Row("dport !22", TcpFrom("192.0.2.1", 21), TcpFrom("192.0.2.1", 22)),
      // What has no ports has no other port either.
      Row("dport !22", TcpFrom("192.0.2.1", 21), Icmp(8, 0)),
      Row("sport 0-1023", TcpFrom("192.0.2.1", 80, 1023),
          TcpFrom("192.0.2.1", 80, 1024)),
      Row("proto udp dport 53", UdpFrom("192.0.2.1", 53),
          TcpFrom("192.0.2.1", 53)),
  });
}

TEST_F(FilterRuleTest, IcmpTypesAndCodes) {
  CheckAll({
      Row("icmp 8", Icmp(8, 0), Icmp(0, 0)),
      Row("icmp 3/4", Icmp(3, 4), Icmp(3, 3)),
      Row("icmp echo-request", Icmp(8, 3), TcpFrom("192.0.2.1")),
      Row("icmp !8", Icmp(13, 0), Icmp(8, 0)),
      Row("icmp any", Icmp(200, 1), TcpFrom("192.0.2.1")),
      Row("icmpv6 128", Icmp6(128, 0), Icmp6(129, 0)),
      Row("icmpv6 128", Icmp6(128, 0), Icmp(128, 0)),
      Row("icmp 8", Icmp(8, 0), Icmp6(8, 0)),
  });
}

TEST_F(FilterRuleTest, TcpFlags) {
  constexpr std::uint8_t kSyn = 0x02;
  constexpr std::uint8_t kAck = 0x10;
  constexpr std::uint8_t kRst = 0x04;
  CheckAll({
      Row("flags S/SA", WithFlags(kSyn), WithFlags(kSyn | kAck)),
      Row("flags S/SA", WithFlags(kSyn | 0x40), WithFlags(kAck)),
      Row("flags S/SA,R/R", WithFlags(kRst | kAck), WithFlags(kAck)),
      Row("flags !S/SA", WithFlags(kAck), WithFlags(kSyn)),
      Row("flags /FSRPAU", WithFlags(0), WithFlags(kAck)),
      Row("flags S/SA", WithFlags(kSyn), UdpFrom("192.0.2.1")),
  });
}

TEST_F(FilterRuleTest, TagsAndLengths) {
  const auto tagged = [](std::uint16_t id) {
    return (Ethernet{} / Vlan{.id = id} / IPv4{} / Tcp{}).ToBytes();
  };
  const auto long_one = [](std::size_t bytes) {
    return (Ethernet{} / IPv4{} /
            Raw{.bytes = Bytes(bytes), .ip_protocol = IPPROTO_UDP})
        .ToBytes();
  };
  CheckAll({
      Row("vlan 10", tagged(10), tagged(11)),
      Row("vlan 10", tagged(10), TcpFrom("192.0.2.1")),
      Row("vlan !10", tagged(11), tagged(10)),
      // A negated condition, too, is for what has a tag.
      Row("vlan !10", tagged(11), TcpFrom("192.0.2.1")),
      Row("vlan 10",
          (Ethernet{} / Vlan{.id = 10, .tpid = 0x88a8} / Vlan{.id = 7} /
           IPv4{} / Tcp{})
              .ToBytes(),
          (Ethernet{} / Vlan{.id = 7, .tpid = 0x88a8} / Vlan{.id = 10} /
           IPv4{} / Tcp{})
              .ToBytes()),
      Row("length 100-200", long_one(80), long_one(79)),
      Row("length 100-200", long_one(180), long_one(181)),
  });
}

TEST_F(FilterRuleTest, TheFirstMatchDecides) {
  const Rules rules = {.ports = {{FW_PORT_UDP, 53, 53}},
                       .ordered = {"pass from 192.0.2.7 dport 22",
                                   "drop from 192.0.2.0/24 proto tcp",
                                   "pass from 192.0.2.0/24"}};
  CheckAll({
      {"first", rules, TcpFrom("192.0.2.7", 22), kRulePassed,
       TcpFrom("192.0.2.8", 22), kRuleDropped},
      {"third goes before blocks of ports", rules, UdpFrom("192.0.2.7", 53),
       kRulePassed, UdpFrom("192.0.3.7", 53), kPortBlocked},
  });
}

TEST_F(FilterRuleTest, AddressesGoBeforeThem) {
  CheckAll({
      {"a block before a pass",
       {.sources = {"192.0.2.7"}, .ordered = {"pass from 192.0.2.0/24"}},
       TcpFrom("192.0.2.7"),
       kSourceBlocked,
       TcpFrom("192.0.2.8"),
       kRulePassed},
  });
}

TEST_F(FilterRuleTest, ShadowedRulesOnlyCount) {
  // Rules keep their counters by their numbers, and others had these.
  ASSERT_EQ(filter().Block({}), absl::OkStatus());
  CheckAll({
      {"shadow",
       {.ordered = {"drop from 192.0.2.0/24 shadow", "drop dport 22"}},
       TcpFrom("192.0.2.7", 22),
       kRuleDropped,
       TcpFrom("192.0.2.7", 23)},
  });
  const auto hits = filter().ReadHits();
  ASSERT_TRUE(hits.ok()) << hits.status();
  ASSERT_EQ(hits->size(), 2u);
  EXPECT_EQ((*hits)[0].count.packets, 2u);
  EXPECT_EQ((*hits)[0].count.bytes, 80u);
  EXPECT_EQ((*hits)[1].count.packets, 1u);
}

TEST_F(FilterRuleTest, FragmentsFollowTheirFirst) {
  const auto first = [](std::uint16_t dport) {
    return (Ethernet{} / IPv4{.identification = 9, .more_fragments = true} /
            Udp{.dport = dport} / Raw{.bytes = Bytes(16)})
        .ToBytes();
  };
  const Bytes later =
      (Ethernet{} /
       IPv4{
           .protocol = IPPROTO_UDP, .identification = 9, .fragment_offset = 3} /
       Raw{.bytes = Bytes(16), .ip_protocol = IPPROTO_UDP})
          .ToBytes();
  const auto load = [&](const std::string& rule) {
    ASSERT_EQ(filter().Block({.ordered = {rule}}), absl::OkStatus());
  };
  load("drop dport 53");
  EXPECT_EQ(filter().Run(first(53)), kRuleDropped);
  EXPECT_EQ(filter().Run(later),
            (Judgement{FW_VERDICT_DROP, FW_REASON_FRAGMENT}));
  EXPECT_EQ(filter().Run(first(54)), kPassed);
  EXPECT_EQ(filter().Run(later), kFragment);
  // What does not need ports decides by itself.
  load("drop proto udp");
  EXPECT_EQ(filter().Run(later), kRuleDropped);
}

TEST_F(FilterRuleTest, WhatCannotBeReadIsDroppedWhereARuleNeedsIt) {
  constexpr Judgement kCut = {FW_VERDICT_DROP, FW_REASON_MALFORMED_TRANSPORT};
  const Bytes cut = (Ethernet{} / IPv4{} /
                     Raw{.bytes = {0xc0, 0}, .ip_protocol = IPPROTO_TCP})
                        .ToBytes();
  CheckAll({
      {"a later rule needs it",
       {.ordered = {"pass from 10.0.0.0/8", "drop dport 22"}},
       cut,
       kCut,
       TcpFrom("192.0.2.1")},
      {"an earlier rule decides",
       {.ordered = {"pass from 192.0.2.0/24", "drop dport 22"}},
       cut,
       kRulePassed,
       TcpFrom("192.0.3.1", 22),
       kRuleDropped},
      {"no rule for it needs it",
       {.ordered = {"drop from 10.0.0.0/8 dport 22"}},
       cut,
       {FW_VERDICT_PASS, FW_REASON_MALFORMED_TRANSPORT},
       TcpFrom("10.0.0.1", 22),
       kRuleDropped},
  });
}

// 4,096 rules: the last one of all, and one in the middle.
TEST_F(FilterRuleTest, AsManyAsThereCanBe) {
  Rules rules;
  for (int i = 0; i < 4095; ++i) {
    rules.ordered.push_back(absl::StrCat("drop from 10.", i / 256, ".", i % 256,
                                         ".0/24 proto tcp dport ", 1000 + i));
  }
  rules.ordered.emplace_back("pass from 10.0.0.0/8 proto tcp dport 9");
  CheckAll({
      {"last", rules, TcpFrom("10.3.4.5", 9), kRulePassed,
       TcpFrom("11.3.4.5", 9)},
      {"middle", rules, TcpFrom("10.8.0.5", 1000 + 2048), kRuleDropped,
       TcpFrom("10.8.0.5", 1000 + 2049)},
  });
}

TEST_F(FilterRuleTest, Interfaces) {
  auto ordered = OrderedOf({.ordered = {"drop iface eth*"}});
  ASSERT_TRUE(ordered.ok()) << ordered.status();
  ASSERT_EQ(filter().SetOrdered(*ordered, {"eth7", "wlan0"}), absl::OkStatus());
  EXPECT_EQ(filter().Run(TcpFrom("192.0.2.1")), kRuleDropped);
  ASSERT_EQ(filter().SetOrdered(*ordered, {"wlan0", "eth7"}), absl::OkStatus());
  EXPECT_EQ(filter().Run(TcpFrom("192.0.2.1")), kPassed);
  ASSERT_EQ(filter().Block({}), absl::OkStatus());
}

}  // namespace
}  // namespace fwagent::testing
