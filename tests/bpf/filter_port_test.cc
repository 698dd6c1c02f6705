// Blocks by destination port.
#include <netinet/in.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using FilterPortTest = FilterTest;

// A frame of that protocol over IPv4 or IPv6.
Bytes To(fw_port_protocol protocol, std::uint16_t port, bool v6 = false,
         std::uint16_t sport = 49152) {
  Packet packet = v6 ? Ethernet{} / IPv6{} : Ethernet{} / IPv4{};
  switch (protocol) {
    case FW_PORT_TCP:
      return (packet / Tcp{.sport = sport, .dport = port}).ToBytes();
    case FW_PORT_UDP:
      return (packet / Udp{.sport = sport, .dport = port}).ToBytes();
    case FW_PORT_SCTP:
      return (packet / Sctp{.sport = sport, .dport = port}).ToBytes();
    default:
      break;
  }
  const auto high = [](std::uint16_t number) {
    return static_cast<std::uint8_t>(number >> 8);
  };
  const auto low = [](std::uint16_t number) {
    return static_cast<std::uint8_t>(number);
  };
  const std::uint8_t ip_protocol =
      protocol == FW_PORT_DCCP ? IPPROTO_DCCP : IPPROTO_UDPLITE;
  return (packet / Raw{.bytes = {high(sport), low(sport), high(port), low(port),
                                 0, 8, 0, 0},
                       .ip_protocol = ip_protocol})
      .ToBytes();
}

constexpr fw_port_protocol kProtocols[] = {
    FW_PORT_TCP, FW_PORT_UDP, FW_PORT_SCTP, FW_PORT_UDPLITE, FW_PORT_DCCP};

TEST_F(FilterPortTest, EachProtocolHasItsOwnPorts) {
  for (const auto blocked : kProtocols) {
    const Rules rules = {.ports = {{blocked, 5060, 5060}}};
    for (const auto sent : kProtocols) {
      for (const bool v6 : {false, true}) {
        CheckAll(
            {{absl::StrCat("blocked ", blocked, ", sent ", sent, " v6 ", v6),
              rules, To(sent, 5060, v6),
              sent == blocked ? kPortBlocked : kPassed, To(sent, 5061, v6)}});
      }
    }
  }
}

TEST_F(FilterPortTest, RangesEndWhereTheySay) {
  const auto row = [](std::uint16_t first, std::uint16_t last,
                      std::uint16_t inside, std::uint16_t outside) {
    return Case{absl::StrCat(first, "-", last, ": ", inside, ", not ", outside),
                {.ports = {{FW_PORT_TCP, first, last}}},
                To(FW_PORT_TCP, inside),
                kPortBlocked,
                To(FW_PORT_TCP, outside)};
  };
  CheckAll({
      row(8000, 8100, 8000, 7999),
      row(8000, 8100, 8050, 8101),
      row(8000, 8100, 8100, 8101),
      row(1, 1, 1, 0),
      row(1, 1, 1, 2),
      row(65535, 65535, 65535, 65534),
      row(1, 65535, 32768, 0),
      // Not 0x0100 and 0x0001: byte order.
      row(256, 256, 256, 1),
      row(1, 1, 1, 256),
  });
}

TEST_F(FilterPortTest, TheSourcePortIsNotTheDestinationPort) {
  CheckAll({{"53",
             {.ports = {{FW_PORT_UDP, 53, 53}}},
             To(FW_PORT_UDP, 53, false, 40000),
             kPortBlocked,
             To(FW_PORT_UDP, 40000, false, 53)}});
}

TEST_F(FilterPortTest, AnAddressRuleIsCountedBeforeAPortRule) {
  const Rules rules = {.sources = {"192.0.2.1/32"},
                       .ports = {{FW_PORT_TCP, 80, 80}}};
  CheckAll({{"both", rules, To(FW_PORT_TCP, 80), kSourceBlocked,
             To(FW_PORT_TCP, 80, true), kPortBlocked}});
}

TEST_F(FilterPortTest, OptionsMoveThePortsAndDoNotHideThem) {
  for (std::size_t words = 0; words <= 10; ++words) {
    const auto frame = [&](std::uint16_t port) {
      return (Ethernet{} / IPv4{.option_words = words} / Udp{.dport = port})
          .ToBytes();
    };
    CheckAll({{absl::StrCat(words, " words of options"),
               {.ports = {{FW_PORT_UDP, 53, 53}}},
               frame(53),
               kPortBlocked,
               frame(54)}});
  }
}

TEST_F(FilterPortTest, OptionsAreNotPorts) {
  // Where the ports of a packet without options would be, 0x0101 0x0101.
  const Bytes frame =
      (Ethernet{} / IPv4{.option_words = 1} / Tcp{.dport = 80}).ToBytes();
  CheckAll({{"0x0101",
             {.ports = {{FW_PORT_TCP, 80, 80}}},
             frame,
             kPortBlocked,
             frame,
             kPortBlocked},
            {"not 0x0101",
             {.ports = {{FW_PORT_TCP, 0x0101, 0x0101}}},
             To(FW_PORT_TCP, 0x0101),
             kPortBlocked,
             frame}});
}

TEST_F(FilterPortTest, ProtocolsWithoutPortsPass) {
  const Rules every_port = {.ports = {{FW_PORT_TCP, 1, 65535},
                                      {FW_PORT_UDP, 1, 65535},
                                      {FW_PORT_SCTP, 1, 65535}}};
  for (const std::uint8_t protocol :
       Bytes{1, 47, 50, 58, 59, 89, 112, 136, 253}) {
    const Raw raw = {.bytes = Bytes(8, 80), .ip_protocol = protocol};
    CheckAll({{absl::StrCat("protocol ", protocol, " over IPv4"), every_port,
               To(FW_PORT_TCP, 80), kPortBlocked,
               (Ethernet{} / IPv4{} / raw).ToBytes()},
              {absl::StrCat("protocol ", protocol, " over IPv6"), every_port,
               To(FW_PORT_TCP, 80, true), kPortBlocked,
               (Ethernet{} / IPv6{} / raw).ToBytes()}});
  }
}

}  // namespace
}  // namespace fwagent::testing
