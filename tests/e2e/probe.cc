#include "tests/e2e/probe.h"

#include <netinet/in.h>

#include <algorithm>

#include "tests/support/agent_host.h"
#include "tests/support/checksum.h"

namespace fwagent::testing {
namespace {

constexpr std::uint8_t kEchoRequest4 = 8;
constexpr std::uint8_t kEchoRequest6 = 128;
constexpr std::uint8_t kSyn = 0x02;

void Put16(Bytes& bytes, std::size_t place, std::size_t value) {
  bytes.at(place) = static_cast<std::uint8_t>(value >> 8);
  bytes.at(place + 1) = static_cast<std::uint8_t>(value);
}

std::size_t HeaderBytes(std::uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_TCP:
      return 20;
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
      return 16;
    default:
      return 8;
  }
}

void FillTcp(Bytes& segment) {
  std::fill(segment.begin() + 4, segment.begin() + 20, std::uint8_t{0});
  segment[12] = 5 << 4;  // header length in words
  segment[13] = kSyn;
  segment[14] = kDecoy;  // window
}

void FillEcho(Bytes& segment, bool v4, std::uint16_t number) {
  segment[0] = v4 ? kEchoRequest4 : kEchoRequest6;
  segment[1] = 0;
  Put16(segment, 4, number);
}

}  // namespace

Probe::Probe(bool is_ipv4, std::uint8_t ip_protocol, std::uint16_t own_number)
    : v4(is_ipv4),
      protocol(ip_protocol),
      number(own_number),
      src(v4 ? AgentHost::kPeerIPv4 : AgentHost::kPeerIPv6),
      dst(v4 ? AgentHost::kHostIPv4 : AgentHost::kHostIPv6) {}

Bytes Segment(const Probe& probe, std::size_t payload_bytes) {
  Bytes segment(HeaderBytes(probe.protocol) + payload_bytes, kDecoy);
  Put16(segment, 0, probe.number);
  Put16(segment, 2, probe.dport);
  const std::uint32_t sum =
      PseudoHeaderSum(probe.src, probe.dst, probe.protocol, segment.size());
  switch (probe.protocol) {
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:  // its coverage: all
      Put16(segment, 4, segment.size());
      PutChecksum(segment, 6, sum);
      break;
    case IPPROTO_TCP:
      FillTcp(segment);
      PutChecksum(segment, 16, sum);
      break;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      FillEcho(segment, probe.v4, probe.number);
      PutChecksum(segment, 2, probe.v4 ? 0 : sum);
      break;
    default:
      break;
  }
  return segment;
}

Packet Outside(const Probe& probe, const Packet& before) {
  const Packet link = One(Ethernet{}) / before;
  if (probe.v4) return link / IPv4{.src = probe.src, .dst = probe.dst};
  return link / IPv6{.src = probe.src, .dst = probe.dst};
}

Bytes Frame(const Probe& probe, const Bytes& segment, const Packet& between) {
  return (Outside(probe) / between /
          Raw{.bytes = segment, .ip_protocol = probe.protocol})
      .ToBytes();
}

Bytes Frame(const Probe& probe) { return Frame(probe, Segment(probe)); }

Pieces Split(const Bytes& bytes, std::size_t piece_bytes,
             std::size_t first_bytes) {
  Pieces pieces;
  std::size_t from = 0;
  while (from < bytes.size()) {
    const bool is_first = from == 0 && first_bytes != 0;
    const std::size_t to =
        std::min(from + (is_first ? first_bytes : piece_bytes), bytes.size());
    pieces.push_back(
        {.offset = from / 8,
         .more = to < bytes.size(),
         .bytes = Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                        bytes.begin() + static_cast<std::ptrdiff_t>(to))});
    from = to;
  }
  return pieces;
}

Bytes Frame(const Probe& probe, const Piece& piece, const Packet& before,
            const Packet& between, std::uint8_t protocol) {
  const Raw rest{.bytes = piece.bytes,
                 .ip_protocol = protocol == 0 ? probe.protocol : protocol};
  const auto offset = static_cast<std::uint16_t>(piece.offset);
  const Packet link = One(Ethernet{}) / before;
  if (probe.v4) {
    return (link /
            IPv4{.src = probe.src,
                 .dst = probe.dst,
                 .identification = probe.number,
                 .fragment_offset = offset,
                 .more_fragments = piece.more} /
            rest)
        .ToBytes();
  }
  return (link / IPv6{.src = probe.src, .dst = probe.dst} / between /
          Fragment{.offset = offset,
                   .more = piece.more,
                   .identification = probe.number} /
          rest)
      .ToBytes();
}

std::vector<Bytes> Frames(const Probe& probe, const Pieces& pieces) {
  std::vector<Bytes> frames;
  for (const Piece& piece : pieces) frames.push_back(Frame(probe, piece));
  return frames;
}

}  // namespace fwagent::testing
