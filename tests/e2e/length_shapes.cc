// Cuts, and lengths that lie.
#include <netinet/in.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/e2e/frame_sets.h"
#include "tests/support/checksum.h"

namespace fwagent::testing {
namespace {

// The IP header says so many bytes more, or less, than there are.
Bytes LyingFrame(const Probe& probe, int more) {
  const Bytes segment = Segment(probe);
  const Raw rest{.bytes = segment, .ip_protocol = probe.protocol};
  const auto length = static_cast<std::uint16_t>(
      static_cast<int>(segment.size()) + (probe.v4 ? 20 : 0) + more);
  if (probe.v4) {
    return (Ethernet{} /
            IPv4{.src = probe.src, .dst = probe.dst, .total_bytes = length} /
            rest)
        .ToBytes();
  }
  return (Ethernet{} /
          IPv6{.src = probe.src, .dst = probe.dst, .payload_bytes = length} /
          rest)
      .ToBytes();
}

// A UDP header that says `length`, with the checksum that goes with it.
Bytes SegmentOfLength(const Probe& probe, std::size_t length,
                      std::size_t covered) {
  Bytes segment = Segment(probe);
  segment[4] = static_cast<std::uint8_t>(length >> 8);
  segment[5] = static_cast<std::uint8_t>(length);
  Bytes start(segment.begin(),
              segment.begin() + static_cast<std::ptrdiff_t>(covered));
  PutChecksum(start, 6,
              PseudoHeaderSum(probe.src, probe.dst, probe.protocol, covered));
  segment[6] = start[6];
  segment[7] = start[7];
  return segment;
}

Shape UdpLength(std::string name, std::size_t length, std::size_t covered) {
  return {std::move(name), [=](const Probe& probe) {
            return std::vector<Bytes>{
                Frame(probe, SegmentOfLength(probe, length, covered))};
          }};
}

Shape UdpChecksum(std::string name, std::uint8_t high, std::uint8_t low) {
  return {std::move(name), [=](const Probe& probe) {
            Bytes segment = Segment(probe);
            segment[6] = high;
            segment[7] = low;
            return std::vector<Bytes>{Frame(probe, segment)};
          }};
}

// A SYN with other flags, or another header length, in words.
Shape Syn(std::string name, std::uint8_t flags, std::uint8_t header_words) {
  return {std::move(name), [=](const Probe& probe) {
            Bytes segment = Segment(probe, 60);
            segment[12] = static_cast<std::uint8_t>(header_words << 4);
            segment[13] = flags;
            // Options: that many bytes of no operation.
            std::fill(segment.begin() + 20, segment.end(), std::uint8_t{1});
            PutChecksum(segment, 16,
                        PseudoHeaderSum(probe.src, probe.dst, probe.protocol,
                                        segment.size()));
            return std::vector<Bytes>{Frame(probe, segment)};
          }};
}

// To another destination.
Shape To(const std::string& address) {
  return {absl::StrCat("to ", address), [address](Probe probe) {
            probe.dst = address;
            return std::vector<Bytes>{Frame(probe)};
          }};
}

}  // namespace

Shapes LengthShapes() {
  Shapes shapes;
  for (const int size : {12, 14, 15, 18, 33, 34, 35, 36, 37, 38,
                         41, 42, 53, 54, 55, 56, 57, 58, 61, 62}) {
    shapes.push_back({absl::StrCat("cut to ", size), [=](const Probe& probe) {
                        return std::vector<Bytes>{
                            Cut(Frame(probe), static_cast<std::size_t>(size))};
                      }});
  }
  for (const int more : {-40, -33, -32, -30, -28, -24, -8, -1, 1, 8, 1000}) {
    shapes.push_back(
        {absl::StrCat("IP length off by ", more), [=](const Probe& probe) {
           return std::vector<Bytes>{LyingFrame(probe, more)};
         }});
    shapes.push_back({absl::StrCat("IP length off by ", more, ", padded"),
                      [=](const Probe& probe) {
                        return std::vector<Bytes>{
                            Pad(LyingFrame(probe, more), 1400, kDecoy)};
                      }});
  }
  for (const std::size_t payload :
       {0u, 1u, 2u, 3u, 4u, 5u, 7u, 9u, 1400u, 1452u, 3400u, 3500u, 4000u,
        4096u, 8000u, 8900u}) {
    shapes.push_back(
        {absl::StrCat(payload, " bytes of payload"), [=](const Probe& probe) {
           return std::vector<Bytes>{Frame(probe, Segment(probe, payload))};
         }});
  }
  return shapes;
}

Shapes UdpShapes() {
  return {
      UdpLength("UDP length of the header", 8, 8),
      UdpLength("UDP length of less than there is", 16, 16),
      UdpLength("UDP length of more than there is", 33, 32),
      UdpLength("UDP length 7", 7, 32),
      UdpLength("UDP length 0", 0, 32),
      UdpChecksum("no UDP checksum", 0, 0),
      UdpChecksum("wrong UDP checksum", 0x12, 0x34),
  };
}

Shapes TcpShapes() {
  constexpr std::uint8_t kSyn = 0x02;
  return {
      Syn("options of 40 bytes", kSyn, 15),
      Syn("options of 4 bytes", kSyn, 6),
      Syn("TCP header of 4 words", kSyn, 4),
      Syn("SYN with ECN flags", kSyn | 0xc0, 5),
      Syn("SYN, urgent and push", kSyn | 0x28, 5),
      Syn("SYN and FIN", kSyn | 0x01, 5),
      Syn("SYN and RST", kSyn | 0x04, 5),
      Syn("no flags", 0, 5),
      Syn("all flags", 0xff, 5),
  };
}

Shapes TunnelShapes() {
  return {{"a packet within", [](const Probe& probe) {
             const Probe inner(probe.v4, IPPROTO_UDP, probe.number);
             Bytes segment = Segment(probe, 0);
             Bytes packet = Frame(inner);
             segment.insert(segment.end(), packet.begin() + 14, packet.end());
             return std::vector<Bytes>{Frame(probe, segment)};
           }}};
}

Shapes DestinationShapes(bool v4) {
  if (v4) {
    return {To("255.255.255.255"), To("192.0.2.255"), To("192.0.2.77"),
            To("224.0.0.1"), To("127.0.0.1")};
  }
  return {To("ff02::1"), To("ff01::1"), To("ff05::1"), To("2001:db8::77"),
          To("::1")};
}

}  // namespace fwagent::testing
