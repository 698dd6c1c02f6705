// Blocks by source prefix.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using FilterSourceTest = FilterTest;

Bytes From4(const std::string& src) {
  return (Ethernet{} / IPv4{.src = src} / Tcp{}).ToBytes();
}

Bytes From6(const std::string& src) {
  return (Ethernet{} / IPv6{.src = src} / Tcp{}).ToBytes();
}

TEST_F(FilterSourceTest, PrefixesOfEveryLengthEndWhereTheySay) {
  const auto v4 = [](const std::string& prefix, const std::string& inside,
                     const std::string& outside) {
    return Case{prefix,
                {.sources = {prefix}},
                From4(inside),
                kSourceBlocked,
                From4(outside)};
  };
  const auto v6 = [](const std::string& prefix, const std::string& inside,
                     const std::string& outside) {
    return Case{prefix,
                {.sources = {prefix}},
                From6(inside),
                kSourceBlocked,
                From6(outside)};
  };
  CheckAll({
      v4("128.0.0.0/1", "192.0.2.1", "127.0.0.1"),
      v4("192.0.2.0/24", "192.0.2.0", "192.0.1.255"),
      v4("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
      v4("192.0.2.4/31", "192.0.2.5", "192.0.2.6"),
      v4("192.0.2.4/32", "192.0.2.4", "192.0.2.5"),
      v6("8000::/1", "fe80::1", "7fff::1"),
      v6("2001:db8:0:1::/64", "2001:db8:0:1:ffff::", "2001:db8:0:2::"),
      v6("2001:db8::2/127", "2001:db8::3", "2001:db8::4"),
      v6("2001:db8::2/128", "2001:db8::2", "2001:db8::3"),
  });
}

TEST_F(FilterSourceTest, EverythingIsEverythingOfOneFamily) {
  CheckAll({
      {"0.0.0.0/0",
       {.sources = {"0.0.0.0/0"}},
       From4("203.0.113.9"),
       kSourceBlocked,
       From6("2001:db8::9")},
      {"0.0.0.0",
       {.sources = {"0.0.0.0/0"}},
       From4("0.0.0.0"),
       kSourceBlocked,
       From6("::")},
      {"::/0",
       {.sources = {"::/0"}},
       From6("2001:db8::9"),
       kSourceBlocked,
       From4("203.0.113.9")},
  });
}

TEST_F(FilterSourceTest, TheDestinationIsNotTheSource) {
  const Rules rules = {.sources = {"192.0.2.7/32", "2001:db8::7/128"}};
  CheckAll({
      {"IPv4", rules, From4("192.0.2.7"), kSourceBlocked,
       (Ethernet{} / IPv4{.dst = "192.0.2.7"} / Tcp{}).ToBytes()},
      {"IPv6", rules, From6("2001:db8::7"), kSourceBlocked,
       (Ethernet{} / IPv6{.dst = "2001:db8::7"} / Tcp{}).ToBytes()},
  });
}

// Which rule decides is asked of the look-up itself, in source_lookup_test.cc.
TEST_F(FilterSourceTest, AnAllowBeatsBlocksAroundItAndInside) {
  const auto rule = [](const char* prefix, policy::SourceVerdict verdict) {
    return policy::SourceRule{.prefix = policy::Prefix::Parse(prefix).value(),
                              .id = 1,
                              .verdict = verdict};
  };
  constexpr Judgement kAllowed = Passed(FW_REASON_SOURCE_ALLOWED);
  ASSERT_EQ(filter().SetSources(
                {rule("192.0.0.0/16", policy::SourceVerdict::kBlock),
                 rule("192.0.2.0/24", policy::SourceVerdict::kAllow),
                 rule("192.0.2.7/32", policy::SourceVerdict::kBlock),
                 rule("2001:db8::/32", policy::SourceVerdict::kBlock),
                 rule("2001:db8::7/128", policy::SourceVerdict::kAllow)}),
            absl::OkStatus());
  EXPECT_EQ(filter().Run(From4("192.0.1.7")), kSourceBlocked);
  EXPECT_EQ(filter().Run(From4("192.0.2.1")), kAllowed);
  EXPECT_EQ(filter().Run(From4("192.0.2.7")), kAllowed);
  EXPECT_EQ(filter().Run(From4("192.1.2.7")), kPassed);
  EXPECT_EQ(filter().Run(From6("2001:db8::7")), kAllowed);
  EXPECT_EQ(filter().Run(From6("2001:db8::8")), kSourceBlocked);
}

TEST_F(FilterSourceTest, ClassesAloneDecideNothing) {
  policy::SourceRule rule = {
      .prefix = policy::Prefix::Parse("192.0.2.0/24").value(),
      .id = 1,
      .verdict = policy::SourceVerdict::kNone,
      .classes = 1};
  ASSERT_EQ(filter().SetSources({rule}), absl::OkStatus());
  EXPECT_EQ(filter().Run(From4("192.0.2.7")), kPassed);
  rule.verdict = policy::SourceVerdict::kBlock;
  ASSERT_EQ(filter().SetSources({rule}), absl::OkStatus());
  EXPECT_EQ(filter().Run(From4("192.0.2.7")), kSourceBlocked);
}

// A row for each thing that may follow the address of a blocked source.
struct Inside {
  std::string name;
  Packet packet;  // behind the IP header
};

std::vector<Inside> WhateverFollows() {
  const auto raw = [](std::uint8_t protocol, std::size_t size) {
    return Packet() / Raw{.bytes = Bytes(size), .ip_protocol = protocol};
  };
  return {
      {"TCP", Packet() / Tcp{}},
      {"UDP", Packet() / Udp{}},
      {"SCTP", Packet() / Sctp{}},
      {"ICMP", raw(1, 8)},
      {"ICMPv6", raw(58, 8)},
      {"ESP", raw(50, 24)},
      {"GRE", raw(47, 24)},
      {"IPIP", Packet() / IPv4{.src = "203.0.113.1"} / Udp{}},
      {"6in4", Packet() / IPv6{.src = "2001:db8:2::1"} / Udp{}},
      {"an unknown protocol", raw(253, 8)},
      {"nothing", raw(59, 0)},
      {"a cut TCP header", raw(6, 3)},
      {"a first fragment", Packet() / Fragment{.more = true} / Udp{}},
      {"a later fragment", Packet() / Fragment{.offset = 9} / Raw{}},
      {"a cut extension header", raw(60, 5)},
      {"too many extension headers",
       Packet() / Times(FW_MAX_EXT_HEADERS + 1, Extension{}) / Udp{}},
  };
}

TEST_F(FilterSourceTest, WhateverFollowsABlockedAddressIsDropped) {
  const Rules rules = {.sources = {"192.0.2.7/32", "2001:db8::7/128"}};
  for (const Inside& inside : WhateverFollows()) {
    SCOPED_TRACE(inside.name);
    const auto v4 = [&](const std::string& src) {
      return (Packet() / Ethernet{} / IPv4{.src = src} / inside.packet)
          .ToBytes();
    };
    const auto v6 = [&](const std::string& src) {
      return (Packet() / Ethernet{} / IPv6{.src = src} / inside.packet)
          .ToBytes();
    };
    ASSERT_EQ(filter().Block(rules), absl::OkStatus());
    EXPECT_EQ(filter().Run(v4("192.0.2.7")), kSourceBlocked);
    EXPECT_EQ(filter().Run(v6("2001:db8::7")), kSourceBlocked);
    // Without a port rule, nothing is dropped for what it lacks.
    EXPECT_EQ(filter().Run(v4("192.0.2.8")).verdict, FW_VERDICT_PASS);
    EXPECT_EQ(filter().Run(v6("2001:db8::8")).verdict, FW_VERDICT_PASS);
  }
}

TEST_F(FilterSourceTest, FragmentsOfABlockedSourceAreDropped) {
  for (const std::uint16_t offset :
       std::vector<std::uint16_t>{0, 1, 2, 185, 8191}) {
    const auto frame = [&](const std::string& src) {
      return (Ethernet{} /
              IPv4{.src = src, .protocol = 17, .fragment_offset = offset} /
              Raw{.bytes = Bytes(16)})
          .ToBytes();
    };
    CheckAll({{absl::StrCat("offset ", offset),
               {.sources = {"192.0.2.7/32"}},
               frame("192.0.2.7"),
               kSourceBlocked,
               frame("192.0.2.8"),
               offset == 0 ? kPassed : kFragment}});
  }
}

}  // namespace
}  // namespace fwagent::testing
