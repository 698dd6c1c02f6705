// IP headers that Linux would not take, and frames cut at every byte.
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using FilterMalformedTest = FilterTest;

// No frame here is from a blocked source or to a blocked port.
const Rules kSource4 = {.sources = {"203.0.113.0/24"}};
const Rules kSource6 = {.sources = {"2001:db8:ffff::/48"}};
const Rules kTcp = {.ports = {{FW_PORT_TCP, 80, 80}}};

const Judgement kBroken = Dropped(FW_REASON_MALFORMED_IP);
const Judgement kBrokenPassed = Passed(FW_REASON_MALFORMED_IP);

TEST_F(FilterMalformedTest, BrokenHeadersAreDroppedForARuleThatNeedsThem) {
  const Bytes good4 = (Ethernet{} / IPv4{} / Tcp{.dport = 443}).ToBytes();
  const Bytes good6 = (Ethernet{} / IPv6{} / Tcp{.dport = 443}).ToBytes();
  const auto v4 = [](const IPv4& ip) {
    return (Ethernet{} / ip / Tcp{.dport = 443}).ToBytes();
  };
  const auto v6 = [](const IPv6& ip) {
    return (Ethernet{} / ip / Tcp{.dport = 443}).ToBytes();
  };
  const std::vector<std::pair<std::string, Bytes>> broken4 = {
      {"version 6", v4({.version = 6})},
      {"version 0", v4({.version = 0})},
      {"header of 4 words", v4({.header_words = 4})},
      {"header of no words", v4({.header_words = 0})},
      {"shorter than its header", v4({.total_bytes = 19})},
      {"shorter than its options", v4({.header_words = 6, .total_bytes = 23})},
      {"no length", v4({.total_bytes = 0})},
      {"longer than the frame", v4({.total_bytes = 41})},
      {"much longer", v4({.total_bytes = 65535})},
  };
  for (const auto& [name, frame] : broken4) {
    SCOPED_TRACE(name);
    CheckAll({
        {"source rule", kSource4, frame, kBroken, good4},
        {"port rule", kTcp, frame, kBroken, good4},
        {"source rule of the other family", kSource6, frame, kBrokenPassed,
         good4},
        {"no rule", {}, frame, kBrokenPassed, good4},
    });
  }
  const std::vector<std::pair<std::string, Bytes>> broken6 = {
      {"version 4", v6({.version = 4})},
      {"version 15", v6({.version = 15})},
      {"longer than the frame", v6({.payload_bytes = 21})},
      {"much longer", v6({.payload_bytes = 65535})},
  };
  for (const auto& [name, frame] : broken6) {
    SCOPED_TRACE(name);
    CheckAll({
        {"source rule", kSource6, frame, kBroken, good6},
        {"port rule", kTcp, frame, kBroken, good6},
        {"source rule of the other family", kSource4, frame, kBrokenPassed,
         good6},
        {"no rule", {}, frame, kBrokenPassed, good6},
    });
  }
}

// Cut by whoever forwarded it: the lengths in the headers are no longer true.
TEST_F(FilterMalformedTest, FramesCutAtEveryByteAreBroken) {
  const Rules rules = {.sources = {"203.0.113.0/24", "2001:db8:ffff::/48"}};
  const std::vector<Bytes> frames = {
      (Ethernet{} / IPv4{} / Tcp{.dport = 443}).ToBytes(),
      (Ethernet{} / IPv4{.option_words = 10} / Udp{}).ToBytes(),
      (Ethernet{} / IPv6{} / Sctp{}).ToBytes(),
      (Ethernet{} / IPv6{} / Extension{} / Fragment{} / Tcp{}).ToBytes(),
      (Ethernet{} / Vlan{} / Vlan{.tpid = 0x88a8} / IPv4{} / Udp{}).ToBytes(),
  };
  for (const Bytes& frame : frames) {
    for (std::size_t size = 14; size < frame.size(); ++size) {
      CheckAll({{absl::StrCat(size, " of ", frame.size(), " bytes"), rules,
                 Cut(frame, size), kBroken, frame}});
      ASSERT_EQ(filter().Block({}), absl::OkStatus());
      EXPECT_EQ(filter().Run(Cut(frame, size)), kBrokenPassed);
    }
  }
}

// Short from the start: every length is true.
TEST_F(FilterMalformedTest, PortsThatAreNotThereAreDroppedForThatProtocol) {
  const auto payload = [](std::size_t size) {
    return Raw{.bytes = Cut({0xc0, 0, 0, 80, 0, 0, 0, 0}, size)};
  };
  const std::pair<std::uint8_t, fw_port_protocol> protocols[] = {
      {6, FW_PORT_TCP}, {17, FW_PORT_UDP}, {132, FW_PORT_SCTP}};
  for (const auto& [ip_protocol, protocol] : protocols) {
    const Rules same = {.ports = {{protocol, 80, 80}}};
    const Rules other = {
        .ports = {
            {protocol == FW_PORT_TCP ? FW_PORT_UDP : FW_PORT_TCP, 80, 80}}};
    for (std::size_t size = 0; size <= 5; ++size) {
      SCOPED_TRACE(
          absl::StrCat("protocol ", ip_protocol, ", ", size, " bytes"));
      const Bytes v4 =
          (Ethernet{} / IPv4{.protocol = ip_protocol} / payload(size))
              .ToBytes();
      const Bytes v6 =
          (Ethernet{} / IPv6{.next_header = ip_protocol} / payload(size))
              .ToBytes();
      const Judgement judged =
          size < 4 ? Dropped(FW_REASON_MALFORMED_TRANSPORT) : kPortBlocked;
      const Judgement passed =
          size < 4 ? Passed(FW_REASON_MALFORMED_TRANSPORT) : kPassed;
      CheckAll({{"IPv4", same, v4, judged, v6, judged},
                {"another protocol", other, v4, passed, v6, passed}});
    }
  }
}

}  // namespace
}  // namespace fwagent::testing
