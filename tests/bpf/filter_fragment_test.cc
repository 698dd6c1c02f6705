// Fragments: the first one has the ports, the others have payload in their
// place.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using FilterFragmentTest = FilterTest;

const Rules kTcp80 = {.ports = {{FW_PORT_TCP, 80, 80}}};
const Rules kUdp80 = {.ports = {{FW_PORT_UDP, 80, 80}}};
const Judgement kCut = Dropped(FW_REASON_MALFORMED_TRANSPORT);

Bytes V4(std::uint16_t offset, bool more, const Packet& inside,
         std::uint8_t protocol = 6) {
  return (Packet() / Ethernet{} /
          IPv4{.protocol = protocol,
               .fragment_offset = offset,
               .more_fragments = more} /
          inside)
      .ToBytes();
}

Bytes V6(const Fragment& fragment, const Packet& inside) {
  return (Packet() / Ethernet{} / IPv6{} / fragment / inside).ToBytes();
}

Packet TcpTo(std::uint16_t port) { return Packet() / Tcp{.dport = port}; }

TEST_F(FilterFragmentTest, TheFirstOneIsJudgedByItsPorts) {
  CheckAll({
      {"IPv4", kTcp80, V4(0, true, TcpTo(80)), kPortBlocked,
       V4(0, true, TcpTo(81))},
      {"IPv4, eight bytes", kTcp80,
       V4(0, true, Packet() / Raw{.bytes = {9, 9, 0, 80, 0, 0, 0, 0}}),
       kPortBlocked,
       V4(0, true, Packet() / Raw{.bytes = {9, 9, 0, 81, 0, 0, 0, 0}})},
      {"IPv6", kTcp80, V6({.more = true}, TcpTo(80)), kPortBlocked,
       V6({.more = true}, TcpTo(81))},
  });
}

TEST_F(FilterFragmentTest, LaterOnesHaveNoPorts) {
  // Read as a header, each of these would be for port 80.
  for (const std::uint16_t offset :
       std::vector<std::uint16_t>{2, 3, 185, 8190}) {
    CheckAll({
        {absl::StrCat("IPv4, offset ", offset), kTcp80,
         V4(offset, true, TcpTo(80)), kFragment, V4(0, true, TcpTo(80)),
         kPortBlocked},
        {absl::StrCat("IPv4, last, offset ", offset), kTcp80,
         V4(offset, false, TcpTo(80)), kFragment, V4(0, true, TcpTo(80)),
         kPortBlocked},
        {absl::StrCat("IPv6, offset ", offset), kTcp80,
         V6({.offset = offset}, TcpTo(80)), kFragment,
         V6({.more = true}, TcpTo(80)), kPortBlocked},
    });
  }
  CheckAll({
      {"IPv4, UDP, offset 1", kUdp80, V4(1, false, TcpTo(80), 17), kFragment,
       V4(0, false, TcpTo(80), 17), kPortBlocked},
      {"IPv6, offset 1", kTcp80, V6({.offset = 1}, TcpTo(80)), kFragment,
       V6({}, TcpTo(80)), kPortBlocked},
      {"IPv6, offset 1, more", kTcp80,
       V6({.offset = 1, .more = true}, TcpTo(80)), kFragment, V6({}, TcpTo(80)),
       kPortBlocked},
  });
}

TEST_F(FilterFragmentTest, ATcpFragmentInsideTheHeaderIsBroken) {
  const Bytes frame = V4(1, false, TcpTo(443));
  CheckAll({
      {"TCP ports are blocked", kTcp80, frame, kCut, V4(2, false, TcpTo(443)),
       kFragment},
      {"only those of UDP", kUdp80, frame,
       Passed(FW_REASON_MALFORMED_TRANSPORT), V4(2, false, TcpTo(443)),
       kFragment},
  });
}

TEST_F(FilterFragmentTest, AFirstOneWithoutPortsIsBroken) {
  for (std::size_t size = 0; size < 4; ++size) {
    const Packet stump = Packet() / Raw{.bytes = Bytes(size), .ip_protocol = 6};
    CheckAll({
        {absl::StrCat("IPv4, ", size, " bytes"), kTcp80, V4(0, true, stump),
         kCut, V4(0, true, stump, 17), Passed(FW_REASON_MALFORMED_TRANSPORT)},
        {absl::StrCat("IPv6, ", size, " bytes"), kTcp80,
         V6({.more = true}, stump), kCut,
         V6({.offset = 1, .identification = 1}, stump), kFragment},
    });
  }
}

TEST_F(FilterFragmentTest, AtomicFragmentsAreWholePackets) {
  for (const std::uint8_t reserved : Bytes{0, 1, 255}) {
    CheckAll({{absl::StrCat("reserved octet ", reserved), kTcp80,
               V6({.reserved = reserved}, TcpTo(80)), kPortBlocked,
               V6({.reserved = reserved}, TcpTo(81))}});
  }
}

TEST_F(FilterFragmentTest, BitsBesideTheOffsetAreNotTheOffset) {
  // "Do not fragment" and the reserved bit.
  const auto frame = [](std::uint16_t bits, std::uint16_t port) {
    return (Ethernet{} / IPv4{.fragment_offset = bits} / Tcp{.dport = port})
        .ToBytes();
  };
  CheckAll({
      {"DF", kTcp80, frame(0x4000, 80), kPortBlocked, frame(0x4000, 81)},
      {"reserved", kTcp80, frame(0x8000, 80), kPortBlocked, frame(0x8000, 81)},
  });
}

TEST_F(FilterFragmentTest, ExtensionHeadersBeforeAndBehindAreSeenThrough) {
  const auto frame = [](std::uint16_t offset, std::uint16_t port) {
    return (Ethernet{} / IPv6{} / Extension{.type = 0} /
            Fragment{.offset = offset, .more = true} / Extension{.type = 60} /
            Tcp{.dport = port})
        .ToBytes();
  };
  CheckAll({
      {"first", kTcp80, frame(0, 80), kPortBlocked, frame(0, 81)},
      {"later", kTcp80, frame(3, 80), kFragment, frame(0, 80), kPortBlocked},
  });
}

}  // namespace
}  // namespace fwagent::testing
