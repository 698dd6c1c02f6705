#include "agent/policy/packet_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace fwagent::policy {
namespace {

using ::testing::HasSubstr;

// What Parse says: the canonical words, or the error.
std::string Parsed(std::string_view text, std::uint32_t order = kDefaultOrder) {
  const auto match = PacketMatch::Parse({text.data(), text.size()}, order);
  if (!match.ok()) {
    EXPECT_EQ(match.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(match.status().message());
  }
  const auto again = PacketMatch::Parse(match->text(), order);
  EXPECT_TRUE(again.ok()) << match->text() << ": " << again.status();
  if (again.ok()) {
    EXPECT_EQ(*again, *match);
    EXPECT_EQ(again->conditions(), match->conditions()) << text;
    EXPECT_EQ(again->limit(), match->limit()) << text;
    EXPECT_EQ(again->shadow(), match->shadow()) << text;
  }
  return match->text();
}

PacketMatch Match(const std::string& text,
                  std::uint32_t order = kDefaultOrder) {
  return *PacketMatch::Parse(text, order);
}

struct Case {
  std::string text;
  std::string said;  // the canonical words, or what the error contains
};

TEST(PacketMatch, WordsHaveOneCanonicalForm) {
  const Case cases[] = {
      {"", "any"},
      {"  any ", "any"},
      {"from any to any", "any"},
      {"any shadow", "shadow"},
      {"from 10.0.0.1", "from 10.0.0.1/32"},
      {"from @b,2001:DB8::/32,@a,10.0.0.0/8,@a",
       "from 10.0.0.0/8,2001:db8::/32,@a,@b"},
      {"to !@office,10.0.0.0/8", "to !10.0.0.0/8,@office"},
      {"dport 90,80-90,22 proto 6", "proto tcp dport 22,80-90"},
      {"sport !0-1023", "sport !0-1023"},
      {"proto 17,tcp", "proto tcp,udp"},
      {"proto !200,udp", "proto !udp,200"},
      {"proto 0,1,2,255", "proto 0,icmp,igmp,255"},
      {"icmp echo-request", "proto icmp icmp 8"},
      {"icmp 3/4,destination-unreachable", "proto icmp icmp 3"},
      {"icmp 3/4,8", "proto icmp icmp 3/4,8"},
      {"icmp !any-other", "is not a type"},
      {"icmp any proto icmp", "proto icmp icmp any"},
      {"icmpv6 neighbor-solicitation,135", "proto icmpv6 icmpv6 135"},
      {"icmpv6 !echo-request", "proto icmpv6 icmpv6 !128"},
      {"proto icmp,tcp flags SA/AS", "proto tcp flags SA/SA"},
      {"flags !S/SA,S/AS", "proto tcp flags !S/SA"},
      {"flags /FSRPAUEW", "proto tcp flags /FSRPAUEW"},
      {"vlan 0,4095", "vlan 0,4095"},
      {"length 0-64", "length 0-64"},
      {"iface eth1,eth0,eth1", "iface eth0,eth1"},
      {"iface !eth*", "iface !eth*"},
      {"shadow", "shadow"},
      {"shadow dport 1", "dport 1 shadow"},
      {"dport\t1", "dport 1"},
  };
  for (const Case& row : cases) {
    EXPECT_THAT(Parsed(row.text), HasSubstr(row.said)) << row.text;
    if (row.said.find("is not") == std::string::npos) {
      EXPECT_EQ(Parsed(row.text), row.said);
    }
  }
}

TEST(PacketMatch, AWrongWordIsNamedWithWhatWouldBeRight) {
  const Case cases[] = {
      {"dport", "\"dport\" is the last word, but something must follow it"},
      {"from 10.0.0.0/8 to", "\"to\" is the last word"},
      {"port 22", "port: is not a word of rules; they are from, to, proto"},
      {"any 5", "\"5\" is the last word"},
      {"dport 1 dport 2", "dport: is there twice: give one list"},
      {"from any from any", "from: is there twice"},
      {"from 10.0.0.1/8", "from: host bits are set: did you mean 10.0.0.0/8"},
      {"from 10.0.0", "from: "},
      {"from @", "from: the name of a set has 1 to"},
      {"to @-x", "to: the name of a set has"},
      {"from any,10.0.0.0/8", "from: "},
      {"from ::ffff:10.0.0.1", "from: "},
      {"from 10.0.0.0/8,", "from: \"10.0.0.0/8,\" has an empty element"},
      {"from !", "from: \"\" has an empty element"},
      {"dport 22, 80", "dport: \"22,\" has an empty element"},
      {"dport 65536", "dport: \"65536\" is not a number from 0 to 65535"},
      {"dport -1", "dport: \"-1\" is not a number"},
      {"dport 1-", "dport: \"1-\" is not a number"},
      {"dport ssh", "dport: \"ssh\" is not a number from 0 to 65535"},
      {"sport 90-80", "sport: \"90-80\" runs backwards: did you mean 80-90?"},
      {"proto tpc", "proto: \"tpc\" is not a protocol: a number from 0 to 255"},
      {"proto 256", "proto: \"256\" is not a protocol"},
      {"proto 1-6", "proto: \"1-6\" is not a protocol"},
      {"icmp 256", "icmp: \"256\" is not a type, as in 8"},
      {"icmp 3/256", "icmp: \"3/256\" is not a type"},
      {"icmp 3/", "icmp: \"3/\" is not a type"},
      {"icmp packet-too-big", "icmp: \"packet-too-big\" is not a type"},
      {"icmpv6 redirect", "icmpv6: \"redirect\" is not a type"},
      {"flags S", "flags: \"S\" is not such as S/SA"},
      {"flags S/", "flags: \"S/\" is not such as"},
      {"flags s/sa", "flags: \"s/sa\" is not such as S/SA"},
      {"flags S/SA/A", "flags: \"S/SA/A\" is not such as"},
      {"flags SA/S", "flags: \"SA/S\" can never match"},
      {"vlan 4096", "vlan: \"4096\" is not a number from 0 to 4095"},
      {"length 65536", "length: \"65536\" is not a number from 0 to 65535"},
      {"iface a/b", "iface: \"a/b\" is not the name of an interface"},
      {"iface any", "iface: \"any\" is not the name of an interface"},
      {"iface abcdefghijklmnop", "iface: \"abcdefghijklmnop\" is not"},
  };
  for (const Case& row : cases) {
    EXPECT_THAT(Parsed(row.text), HasSubstr(row.said)) << row.text;
  }
}

TEST(PacketMatch, LimitsHaveOneCanonicalForm) {
  const Case cases[] = {
      {"rate 100/second", "rate 100/second burst 100 per rule"},
      {"rate 2packets/second", "rate 2/second burst 5 per rule"},
      {"rate 5/minute burst 7 per source", "rate 5/minute burst 7 per source"},
      {"rate 1k/hour", "rate 1000/hour burst 5 per rule"},
      {"rate 1/day per network block 1h",
       "rate 1/day burst 5 per network block 3600s"},
      {"rate 10Mbytes/second",
       "rate 10000000bytes/second burst 10000000bytes per rule"},
      {"rate 64bytes/second", "rate 64bytes/second burst 65536bytes per rule"},
      {"rate 1Gbytes/second burst 64kbytes block 7d",
       "rate 1000000000bytes/second burst 64000bytes per rule block 604800s"},
      {"rate 1Mbytes/second burst 1500",
       "rate 1000000bytes/second burst 1500bytes per rule"},
      {"rate 100M/second", "rate 100000000/second burst 100000000 per rule"},
      {"dport 22 shadow rate 1/second",
       "dport 22 rate 1/second burst 5 per rule shadow"},
  };
  for (const Case& row : cases) EXPECT_EQ(Parsed(row.text), row.said);
}

TEST(PacketMatch, LimitsThatCannotBeKeptAreRefused) {
  const Case cases[] = {
      {"rate 0/second", "rate: a rate of 0 lets nothing through: use drop"},
      {"rate 0bytes/second", "rate: a rate of 0 lets nothing through"},
      {"rate 100", "rate: \"100\" is not a rate such as 100/second"},
      {"rate 100/week", "rate: \"100/week\" is not a rate"},
      {"rate -1/second", "rate: \"-1/second\" is not a rate"},
      {"rate 99999999999999999999/second", "is not a rate"},
      {"rate 99999999999999999G/second", "is not a rate"},
      {"rate 100000001/second", "rate: at most 100000000 packets a second"},
      {"rate 1001Gbytes/second", "rate: at most 1000000000000 bytes a second"},
      {"rate 63bytes/second", "rate: of bytes it must be at least 64 a second"},
      {"rate 64bytes/minute", "rate: of bytes it must be at least 64"},
      {"rate 10/second rate 5/second", "rate: is there twice"},
      {"burst 5", "burst: comes behind \"rate\" only"},
      {"per source rate 1/second", "per: comes behind \"rate\" only"},
      {"block 1h", "block: comes behind \"rate\" only"},
      {"rate 1/second burst 0", "burst: \"0\" is not a burst such as 500"},
      {"rate 1/second burst x", "burst: \"x\" is not a burst"},
      {"rate 1/second burst 5kbytes",
       "burst: the rate is of packets and the burst of bytes"},
      {"rate 64kbytes/second burst 500packets",
       "burst: the rate is of bytes and the burst of packets"},
      {"rate 64kbytes/second burst 1499",
       "burst: a packet of 1500 bytes would never pass"},
      {"rate 1/day burst 31", "burst: it would take more than 30 days"},
      {"rate 1/second per host",
       "per: \"host\" is not rule, source or network"},
      {"rate 1/second block 8d", "block: \"8d\" is not a time such as 90s"},
      {"rate 1/second block 0s", "block: \"0s\" is not a time"},
      {"rate 1/second block 90", "block: \"90\" is not a time"},
  };
  for (const Case& row : cases) {
    EXPECT_THAT(Parsed(row.text), HasSubstr(row.said)) << row.text;
  }
  EXPECT_EQ(Parsed("rate 1/day burst 30"), "rate 1/day burst 30 per rule");
  EXPECT_EQ(Parsed("rate 1/second block 7d"),
            "rate 1/second burst 5 per rule block 604800s");
}

TEST(PacketMatch, WhatNoPacketCanMatchIsRefused) {
  const Case cases[] = {
      {"proto udp flags S/SA", "\"flags\" does not go with this \"proto\""},
      {"proto !tcp flags S/SA", "\"flags\" does not go with"},
      {"proto tcp icmp any", "\"icmp\" does not go with"},
      {"proto icmp icmpv6 any", "\"icmpv6\" does not go with"},
      {"icmp 8 icmpv6 128", "it would be ICMP and ICMPv6; make one rule"},
      {"icmp 8 flags S/SA", "\"flags\" does not go with this \"proto\""},
  };
  for (const Case& row : cases) {
    EXPECT_THAT(Parsed(row.text), HasSubstr("no packet can match: "))
        << row.text;
    EXPECT_THAT(Parsed(row.text), HasSubstr(row.said)) << row.text;
  }
  EXPECT_EQ(Parsed("proto !udp flags S/SA"), "proto tcp flags S/SA");
}

TEST(PacketMatch, OrdersHaveALimit) {
  EXPECT_EQ(Match("any", 0).order(), 0u);
  EXPECT_EQ(Match("any", kMaxOrder).order(), kMaxOrder);
  EXPECT_THAT(Parsed("any", kMaxOrder + 1),
              HasSubstr("the order is a number from 0 to 1000000000"));
  EXPECT_EQ(Match("dport 22", 7).ToString(), "order 7: dport 22");
}

// A rule is kept in its canonical words: those must be read again.
TEST(PacketMatch, CanonicalWordsAreNoLongerThanARuleMayBe) {
  const auto list = [](int hosts) {
    std::string text = "from 10.0.0.0";
    for (int i = 1; i < hosts; ++i) {
      absl::StrAppend(&text, ",10.0.", i / 256, ".", i % 256);
    }
    return text;
  };
  EXPECT_THAT(Parsed(list(1000)), HasSubstr("a rule has at most 4096 bytes"));
  EXPECT_LE(list(380).size(), kMaxMatchBytes);
  EXPECT_THAT(Parsed(list(380)), HasSubstr("a rule has at most 4096 bytes"));
  EXPECT_THAT(Parsed(list(200)), HasSubstr("10.0.0.199/32"));
}

TEST(PacketMatch, IsEqualWhenItSaysTheSame) {
  const PacketMatch one = Match("dport 80,22 from 10.0.0.1");
  const PacketMatch same = Match("from 10.0.0.1/32 dport 22,80");
  EXPECT_EQ(one, same);
  EXPECT_EQ(absl::HashOf(one), absl::HashOf(same));
  EXPECT_NE(one, Match("from 10.0.0.1/32 dport 22,81"));
  EXPECT_NE(one, Match("from 10.0.0.1/32 dport !22,80"));
  EXPECT_NE(one, Match("from 10.0.0.1/32 dport 22,80 shadow"));
  EXPECT_NE(one, Match("from 10.0.0.1/32 dport 22,80", 5));
}

TEST(PacketMatch, FlagsAndNamesAreJudged) {
  const auto flags = Match("flags S/SA,/FR").conditions().tcp_flags;
  EXPECT_TRUE(flags.Accepts(0x02));
  EXPECT_TRUE(flags.Accepts(0x12));
  EXPECT_FALSE(flags.Accepts(0x11));
  EXPECT_FALSE(Match("flags !S/SA").conditions().tcp_flags.Accepts(0x02));
  EXPECT_TRUE(Match("flags !S/SA").conditions().tcp_flags.Accepts(0x12));
  EXPECT_TRUE(Match("flags W/W").conditions().tcp_flags.Accepts(0x80));
  EXPECT_FALSE(Match("flags W/W").conditions().tcp_flags.Accepts(0x40));

  const auto names = Match("iface eth*,wg0").conditions().interfaces;
  EXPECT_TRUE(names.Accepts("eth1"));
  EXPECT_TRUE(names.Accepts("wg0"));
  EXPECT_FALSE(names.Accepts("wg1"));
  EXPECT_FALSE(Match("iface !eth*").conditions().interfaces.Accepts("eth1"));
  EXPECT_TRUE(Match("iface !eth*").conditions().interfaces.Accepts("wg1"));
}

}  // namespace
}  // namespace fwagent::policy
