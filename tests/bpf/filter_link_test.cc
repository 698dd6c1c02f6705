// Below IP: tags, padding, and what is not IP at all.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using FilterLinkTest = FilterTest;

const Rules kSource = {.sources = {"192.0.2.1/32", "2001:db8::1/128"}};
const Rules kOtherFamily = {.sources = {"2001:db8::1/128"}};
const Rules kPort = {.ports = {{FW_PORT_TCP, 80, 80}}};

Bytes Tagged(int count, const std::string& src, std::uint16_t dport = 80) {
  return (Packet() / Ethernet{} / Times(count, Vlan{.id = 0}) /
          IPv4{.src = src} / Tcp{.dport = dport})
      .ToBytes();
}

TEST_F(FilterLinkTest, SeesThroughSixteenTags) {
  for (int tags = 0; tags <= FW_MAX_VLAN_TAGS; ++tags) {
    CheckAll({
        {absl::StrCat(tags, " tags, source"), kSource,
         Tagged(tags, "192.0.2.1"), kSourceBlocked, Tagged(tags, "192.0.2.2")},
        {absl::StrCat(tags, " tags, port"), kPort,
         Tagged(tags, "192.0.2.1", 80), kPortBlocked,
         Tagged(tags, "192.0.2.1", 81)},
    });
  }
}

TEST_F(FilterLinkTest, SeventeenTagsAreTooDeep) {
  const Bytes frame = Tagged(FW_MAX_VLAN_TAGS + 1, "203.0.113.1", 443);
  const Bytes deepest = Tagged(FW_MAX_VLAN_TAGS, "203.0.113.1", 443);
  const Judgement dropped = Dropped(FW_REASON_TOO_DEEP);
  CheckAll({
      {"a source rule may match", kSource, frame, dropped, deepest},
      {"of either family", kOtherFamily, frame, dropped, deepest},
      {"a port rule may match", kPort, frame, dropped, deepest},
      {"no rule", {}, frame, Passed(FW_REASON_TOO_DEEP), deepest},
  });
}

TEST_F(FilterLinkTest, SeesThroughBothKindsOfTags) {
  const auto frame = [](std::uint16_t tpid, const std::string& src) {
    return (Ethernet{} / Vlan{.id = 5, .tpid = tpid} / Vlan{.id = 6} /
            IPv6{.src = src} / Udp{})
        .ToBytes();
  };
  CheckAll({
      {"802.1Q", kSource, frame(0x8100, "2001:db8::1"), kSourceBlocked,
       frame(0x8100, "2001:db8::2")},
      {"802.1ad", kSource, frame(0x88a8, "2001:db8::1"), kSourceBlocked,
       frame(0x88a8, "2001:db8::2")},
      // Linux does not take this one off, and so delivers nothing in it.
      {"0x9100", kSource, frame(0x9100, "2001:db8::1"), kNotIp,
       frame(0x9100, "2001:db8::2"), kNotIp},
  });
}

TEST_F(FilterLinkTest, TagsThatBreakOffHideAnAddress) {
  for (int tags = 1; tags <= 3; ++tags) {
    const Bytes whole = Tagged(tags, "203.0.113.1");
    for (std::size_t size = 14; size < 14u + 4 * tags; ++size) {
      SCOPED_TRACE(absl::StrCat(tags, " tags, ", size, " bytes"));
      const Bytes frame = Cut(whole, size);
      CheckAll({
          {"source rule", kSource, frame, Dropped(FW_REASON_MALFORMED_IP),
           whole},
          {"port rule",
           {.ports = {{FW_PORT_SCTP, 1, 1}}},
           frame,
           Dropped(FW_REASON_MALFORMED_IP),
           whole},
          {"no rule", {}, frame, Passed(FW_REASON_MALFORMED_IP), whole},
      });
    }
  }
}

TEST_F(FilterLinkTest, WhatIsNotIpPassesEverything) {
  const Rules everything = {.sources = {"0.0.0.0/0", "::/0"},
                            .ports = {{FW_PORT_TCP, 1, 65535},
                                      {FW_PORT_UDP, 1, 65535},
                                      {FW_PORT_SCTP, 1, 65535}}};
  // An ARP request whose sender is a blocked address.
  const Raw arp = {.bytes = {0,   1, 8, 0, 6, 4, 0, 1, 2, 0, 0,   0,  0,   1,
                             192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 198, 51, 100, 1},
                   .ethertype = 0x0806};
  const Bytes ip = (Ethernet{} / IPv4{} / Udp{}).ToBytes();
  CheckAll({
      {"ARP", everything, (Ethernet{} / arp).ToBytes(), kNotIp, ip,
       kSourceBlocked},
      {"ARP in a tag", everything, (Ethernet{} / Vlan{} / arp).ToBytes(),
       kNotIp, ip, kSourceBlocked},
      {"LLDP", everything,
       (Ethernet{} / Raw{.bytes = {2, 7, 4}, .ethertype = 0x88cc}).ToBytes(),
       kNotIp, ip, kSourceBlocked},
      {"802.3 length", everything,
       (Ethernet{.ethertype = 46} / Raw{.bytes = Bytes(46)}).ToBytes(), kNotIp,
       ip, kSourceBlocked},
      {"nothing but a header", everything,
       Cut((Ethernet{.ethertype = 0x0806} / Raw{}).ToBytes(), 14), kNotIp, ip,
       kSourceBlocked},
  });
}

TEST_F(FilterLinkTest, NeighbourDiscoveryFromThisLinkPasses) {
  const auto discovery = [](std::uint8_t type, std::uint8_t hop_limit) {
    return (Ethernet{} / IPv6{.dst = "ff02::1:ff00:1", .hop_limit = hop_limit} /
            Raw{.bytes = {type, 0, 0, 0, 0, 0, 0, 0}, .ip_protocol = 58})
        .ToBytes();
  };
  const Rules everything = {.sources = {"::/0"},
                            .ports = {{FW_PORT_TCP, 1, 65535}}};
  const Judgement passed = Passed(FW_REASON_NEIGHBOR_DISCOVERY);
  for (const std::uint8_t type : Bytes{133, 134, 135, 136}) {
    CheckAll({{absl::StrCat("type ", type), everything, discovery(type, 255),
               passed, discovery(type, 254), kSourceBlocked}});
  }
  for (const std::uint8_t type : Bytes{132, 137, 128}) {
    CheckAll({{absl::StrCat("type ", type), everything, discovery(type, 255),
               kSourceBlocked, discovery(135, 255), passed}});
  }
  const Bytes cut = (Ethernet{} / IPv6{.hop_limit = 255} /
                     Raw{.bytes = {}, .ip_protocol = 58})
                        .ToBytes();
  CheckAll({{"nothing behind the header", everything, cut, kSourceBlocked,
             discovery(135, 255), passed}});
}

// The header of a datagram ends where the datagram does, not where the frame
// does.
TEST_F(FilterLinkTest, PaddingIsNotAHeader) {
  constexpr std::uint8_t kPad = 80;
  const Rules rules = {.ports = {{FW_PORT_TCP, kPad << 8 | kPad, 0x5050}}};
  const Bytes v4 =
      Pad((Ethernet{} / IPv4{.protocol = 6} / Raw{}).ToBytes(), 60, kPad);
  const Bytes v6 =
      Pad((Ethernet{} / IPv6{.next_header = 6} / Raw{}).ToBytes(), 60, kPad);
  const Bytes chain =
      Pad((Ethernet{} / IPv6{} / Extension{.next_header = 6} / Raw{}).ToBytes(),
          80, kPad);
  const Bytes good =
      Pad((Ethernet{} / IPv4{} / Tcp{.dport = 443}).ToBytes(), 80, kPad);
  const Judgement dropped = Dropped(FW_REASON_MALFORMED_TRANSPORT);
  CheckAll({
      {"IPv4", rules, v4, dropped, good},
      {"IPv6", rules, v6, dropped, good},
      {"behind an extension header", rules, chain, dropped, good},
      {"IPv4, nothing to protect", kSource, Cut(v4, 60), kSourceBlocked, good,
       kSourceBlocked},
  });
  EXPECT_EQ(filter().Block({}), absl::OkStatus());
  EXPECT_EQ(filter().Run(v4), Passed(FW_REASON_MALFORMED_TRANSPORT));
}

}  // namespace
}  // namespace fwagent::testing
