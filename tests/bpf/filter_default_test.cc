// Interfaces on which what no rule says anything of is dropped.
#include "agent/util/errno_status.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

constexpr Judgement kDropped = Dropped(FW_REASON_DEFAULT);
constexpr Judgement kEssential = Passed(FW_REASON_ESSENTIAL);

// The first word of an ICMP message, and four bytes that are its own.
Raw Icmp(std::uint8_t type) {
  return Raw{.bytes = {type, 0, 0, 0, 0, 0, 0, 0}};
}
Bytes Icmp4(std::uint8_t type) {
  return (Ethernet{} / IPv4{.protocol = 1} / Icmp(type)).ToBytes();
}
Bytes Icmp6(std::uint8_t type) {
  return (Ethernet{} / IPv6{.next_header = 58} / Icmp(type)).ToBytes();
}

class FilterDefaultTest : public FilterTest {
 protected:
  void SetUp() override {
    FilterTest::SetUp();
    if (IsSkipped()) return;
    auto filter = Filter::Load(
        {.packets = {.default_verdict = dataplane::DefaultVerdict::kDrop}});
    ASSERT_TRUE(filter.ok()) << filter.status();
    filter_ = std::make_unique<Filter>(*std::move(filter));
  }

  void Allow(const char* prefix) {
    ASSERT_EQ(filter_->SetSources({{.prefix = *policy::Prefix::Parse(prefix),
                                    .id = 1,
                                    .verdict = policy::SourceVerdict::kAllow}}),
              absl::OkStatus());
  }

  std::unique_ptr<Filter> filter_;
};

TEST_F(FilterDefaultTest, WhatNoRuleAllowsIsDropped) {
  const Bytes tcp4 = (Ethernet{} / IPv4{.src = "192.0.2.1"} / Tcp{}).ToBytes();
  const Bytes tcp6 = (Ethernet{} / IPv6{} / Tcp{}).ToBytes();
  const Bytes gre = (Ethernet{} / IPv4{.protocol = 47} / Raw{}).ToBytes();
  for (const Bytes& frame : {tcp4, tcp6, gre}) {
    EXPECT_EQ(filter_->Run(frame), kDropped);
  }
  ASSERT_NO_FATAL_FAILURE(Allow("192.0.2.0/24"));
  EXPECT_EQ(filter_->Run(tcp4), Passed(FW_REASON_SOURCE_ALLOWED));
  EXPECT_EQ(filter_->Run(tcp6), kDropped);
}

// What other firewalls forget: minutes later the host is off the network.
TEST_F(FilterDefaultTest, WhatTheHostNeedsToStayOnTheNetworkPasses) {
  const Bytes arp = (Ethernet{.ethertype = 0x0806} / Raw{}).ToBytes();
  EXPECT_EQ(filter_->Run(arp), kNotIp);
  for (const std::uint8_t type : Bytes{133, 134, 135, 136}) {
    const Bytes frame =
        (Ethernet{} / IPv6{.next_header = 58, .hop_limit = 255} / Icmp(type))
            .ToBytes();
    EXPECT_EQ(filter_->Run(frame), Passed(FW_REASON_NEIGHBOR_DISCOVERY));
  }
  for (const std::uint8_t type : Bytes{1, 2, 3, 4, 130, 131, 132, 143}) {
    EXPECT_EQ(filter_->Run(Icmp6(type)), kEssential) << int{type};
  }
  for (const std::uint8_t type : Bytes{3, 11, 12}) {
    EXPECT_EQ(filter_->Run(Icmp4(type)), kEssential) << int{type};
  }
  const Bytes dhcp =
      (Ethernet{} / IPv4{} / Udp{.sport = 67, .dport = 68}).ToBytes();
  const Bytes dhcp6 =
      (Ethernet{} / IPv6{} / Udp{.sport = 547, .dport = 546}).ToBytes();
  EXPECT_EQ(filter_->Run(dhcp), kEssential);
  EXPECT_EQ(filter_->Run(dhcp6), kEssential);
}

TEST_F(FilterDefaultTest, NothingThatOnlyLooksLikeIt) {
  for (const std::uint8_t type : Bytes{0, 5, 128, 129, 133, 137, 142, 144}) {
    EXPECT_EQ(filter_->Run(Icmp6(type)), kDropped) << int{type};
  }
  for (const std::uint8_t type : Bytes{0, 2, 4, 5, 8, 10, 13}) {
    EXPECT_EQ(filter_->Run(Icmp4(type)), kDropped) << int{type};
  }
  const Bytes other_family[] = {
      (Ethernet{} / IPv4{.protocol = 58} / Icmp(2)).ToBytes(),
      (Ethernet{} / IPv6{.next_header = 1} / Icmp(3)).ToBytes(),
      (Ethernet{} / IPv4{} / Udp{.dport = 546}).ToBytes(),
      (Ethernet{} / IPv6{} / Udp{.dport = 68}).ToBytes(),
      (Ethernet{} / IPv4{} / Tcp{.dport = 68}).ToBytes(),
      (Ethernet{} / IPv4{} / Udp{.sport = 68, .dport = 67}).ToBytes()};
  for (const Bytes& frame : other_family) {
    EXPECT_EQ(filter_->Run(frame), kDropped);
  }
  const Bytes cut =
      (Ethernet{} / IPv6{.next_header = 58} / Raw{.bytes = {2, 0, 0}})
          .ToBytes();
  EXPECT_EQ(filter_->Run(cut), kDropped);
}

TEST_F(FilterDefaultTest, BlocksGoBeforeWhatTheHostNeeds) {
  const Rules rules = {.sources = {"2001:db8::/32"},
                       .ports = {{FW_PORT_UDP, 68, 68}}};
  ASSERT_EQ(filter_->Block(rules), absl::OkStatus());
  const Bytes too_big =
      (Ethernet{} / IPv6{.src = "2001:db8::1", .next_header = 58} / Icmp(2))
          .ToBytes();
  const Bytes dhcp = (Ethernet{} / IPv4{} / Udp{.dport = 68}).ToBytes();
  EXPECT_EQ(filter_->Run(too_big), kSourceBlocked);
  EXPECT_EQ(filter_->Run(dhcp), kPortBlocked);
}

TEST_F(FilterDefaultTest, BehindTagsAndExtensionHeaders) {
  const Bytes tagged =
      (Ethernet{} / Vlan{} / IPv4{.protocol = 1} / Icmp(3)).ToBytes();
  const Bytes tagged_tcp = (Ethernet{} / Vlan{} / IPv4{} / Tcp{}).ToBytes();
  EXPECT_EQ(filter_->Run(tagged), kEssential);
  EXPECT_EQ(filter_->Run(tagged_tcp), kDropped);
  // RFC 2710: multicast listeners report behind a router alert.
  const auto behind_options = [](std::uint8_t type) {
    return (Ethernet{} / IPv6{} / Extension{.type = 0, .next_header = 58} /
            Icmp(type))
        .ToBytes();
  };
  EXPECT_EQ(filter_->Run(behind_options(131)), kEssential);
  EXPECT_EQ(filter_->Run(behind_options(128)), kDropped);
}

TEST_F(FilterDefaultTest, LaterFragmentsFollowAFirstOneThatPassed) {
  const auto first = [](std::uint8_t type) {
    return (Ethernet{} / IPv4{.protocol = 1, .more_fragments = true} /
            Icmp(type))
        .ToBytes();
  };
  const Bytes later =
      (Ethernet{} / IPv4{.protocol = 1, .fragment_offset = 1} / Raw{})
          .ToBytes();
  EXPECT_EQ(filter_->Run(later), Dropped(FW_REASON_FRAGMENT));
  EXPECT_EQ(filter_->Run(first(3)), kEssential);
  EXPECT_EQ(filter_->Run(later), kFragment);
  EXPECT_EQ(filter_->Run(first(8)), kDropped);
  EXPECT_EQ(filter_->Run(later), Dropped(FW_REASON_FRAGMENT));
}

class FilterEssentialTest : public FilterTest {
 protected:
  // With the default to drop, and only this of what the host needs.
  std::unique_ptr<Filter> Keeping(std::uint32_t essential) {
    auto filter = Filter::Load(
        {.packets = {.default_verdict = dataplane::DefaultVerdict::kDrop,
                     .essential = essential}});
    EXPECT_TRUE(filter.ok()) << filter.status();
    return std::make_unique<Filter>(*std::move(filter));
  }
};

TEST_F(FilterEssentialTest, EachCanBeKeptAlone) {
  const Bytes neighbor =
      (Ethernet{} / IPv6{.next_header = 58, .hop_limit = 255} / Icmp(135))
          .ToBytes();
  const Bytes dhcp = (Ethernet{} / IPv4{} / Udp{.dport = 68}).ToBytes();
  const Bytes dhcp6 = (Ethernet{} / IPv6{} / Udp{.dport = 546}).ToBytes();
  const std::vector<std::vector<Bytes>> kinds = {{neighbor},
                                                 {Icmp4(3), Icmp6(2)},
                                                 {Icmp6(131), Icmp6(143)},
                                                 {dhcp, dhcp6}};
  ASSERT_EQ(kinds.size(), dataplane::kEssentials.size());
  for (std::size_t kept = 0; kept < kinds.size(); ++kept) {
    const auto filter = Keeping(dataplane::kEssentials[kept].bit);
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      for (const Bytes& frame : kinds[kind]) {
        const Judgement passed =
            kind == 0 ? Passed(FW_REASON_NEIGHBOR_DISCOVERY) : kEssential;
        EXPECT_EQ(filter->Run(frame), kept == kind ? passed : kDropped)
            << dataplane::kEssentials[kept].name << ", kind " << kind;
      }
    }
  }
}

// What is not kept is a packet like others: rules can let it pass.
TEST_F(FilterEssentialTest, WhatIsNotKeptIsJudged) {
  const auto filter = Keeping(0);
  const Bytes neighbor =
      (Ethernet{} /
       IPv6{.src = "fe80::1", .next_header = 58, .hop_limit = 255} / Icmp(135))
          .ToBytes();
  EXPECT_EQ(filter->Run(neighbor), kDropped);
  ASSERT_EQ(filter->Block({.ordered = {"pass icmpv6 135"}}), absl::OkStatus());
  EXPECT_EQ(filter->Run(neighbor), Passed(FW_REASON_RULE));
  const Bytes arp = (Ethernet{.ethertype = 0x0806} / Raw{}).ToBytes();
  EXPECT_EQ(filter->Run(arp), kNotIp);
}

class FilterShadowTest : public FilterTest {};

TEST_F(FilterShadowTest, NothingIsDroppedAndEverythingIsCounted) {
  for (const auto variant :
       {dataplane::ProgramVariant::kFast, dataplane::ProgramVariant::kStrict,
        dataplane::ProgramVariant::kCompat}) {
    auto filter = Filter::Load(
        {.variant = variant,
         .packets = {.default_verdict = dataplane::DefaultVerdict::kDrop,
                     .shadow = true}});
    ASSERT_TRUE(filter.ok()) << filter.status();
    ASSERT_EQ(filter->Block({.sources = {"192.0.2.0/24"},
                             .ports = {{FW_PORT_TCP, 23, 23}},
                             .ordered = {"reject from 198.51.100.1",
                                         "pass from 198.51.100.2"}}),
              absl::OkStatus());
    const auto from = [](const char* source, std::uint16_t port) {
      return (Ethernet{} / IPv4{.src = source} / Tcp{.dport = port}).ToBytes();
    };
    const auto shadowed = [](fw_reason reason) {
      return Judgement{FW_VERDICT_SHADOWED, reason};
    };
    EXPECT_EQ(filter->Run(from("192.0.2.1", 80)),
              shadowed(FW_REASON_SOURCE_BLOCKED));
    EXPECT_EQ(filter->Run(from("198.51.100.1", 80)), shadowed(FW_REASON_RULE));
    EXPECT_EQ(filter->Run(from("203.0.113.1", 23)),
              shadowed(FW_REASON_PORT_BLOCKED));
    EXPECT_EQ(filter->Run(from("203.0.113.1", 24)),
              shadowed(FW_REASON_DEFAULT));
    // What would pass is counted as ever.
    EXPECT_EQ(filter->Run(from("198.51.100.2", 80)), Passed(FW_REASON_RULE));
    EXPECT_FALSE(filter->Answer(from("198.51.100.1", 80)).has_value());
  }
}

// There is always something that a rule would have to allow.
TEST_F(FilterDefaultTest, WhatCannotBeReadIsDropped) {
  const Bytes frames[] = {
      (Ethernet{} / IPv4{.version = 5} / Tcp{}).ToBytes(),
      (Ethernet{} / IPv4{.protocol = 6}).ToBytes(),
      (Packet() / Ethernet{} / IPv6{} / Times(25, Extension{}) / Tcp{})
          .ToBytes()};
  const fw_reason reasons[] = {FW_REASON_MALFORMED_IP,
                               FW_REASON_MALFORMED_TRANSPORT,
                               FW_REASON_TOO_DEEP};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(filter_->Run(frames[i]), Dropped(reasons[i]));
  }
}

}  // namespace
}  // namespace fwagent::testing
