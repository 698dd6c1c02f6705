// One datagram whose delivery is watched, and the frames that carry it.
#ifndef FWAGENT_TESTS_E2E_PROBE_H_
#define FWAGENT_TESTS_E2E_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/packet.h"

namespace fwagent::testing {

// The port that is listened on, and one that nobody listens on.
inline constexpr std::uint16_t kProbePort = 7777;
inline constexpr std::uint16_t kOtherPort = 7778;

// To be added to a probe's number for another datagram beside it.
inline constexpr std::uint16_t kNumbersOfOthers = 0x4000;

// Ports that are blocked to find out what is dropped for no reason. Whoever
// reads a port at a wrong place finds one of these: every source port is one,
// and all that is payload, option or padding is filled with kDecoy.
inline constexpr std::uint16_t kFirstDecoyPort = 0x5000;
inline constexpr std::uint16_t kLastDecoyPort = 0xafff;
inline constexpr std::uint8_t kDecoy = 0x50;

// From the peer of an AgentHost to its host.
struct Probe {
  Probe(bool is_ipv4, std::uint8_t ip_protocol, std::uint16_t own_number);

  bool v4;
  std::uint8_t protocol;
  // Says which probe it is that was delivered: source port, identification of
  // its fragments, identifier of an echo request.
  std::uint16_t number;
  std::string src;
  std::string dst;
  std::uint16_t dport = kProbePort;
};

// The transport header with ports, lengths and checksum, and that much payload:
// a datagram, a SYN or an echo request. Of protocols that the tests know only
// by name, the two ports.
Bytes Segment(const Probe& probe, std::size_t payload_bytes = 24);

// A layer by itself, to be put before others.
template <IsLayer T>
Packet One(const T& layer) {
  return Times(1, layer);
}

// Ethernet, then what is before the IP header, and the IP header, for what
// follows.
Packet Outside(const Probe& probe, const Packet& before = {});

// The segment in one packet, with what stands between it and the IP header.
Bytes Frame(const Probe& probe, const Bytes& segment,
            const Packet& between = {});
Bytes Frame(const Probe& probe);

// A part of what an IP packet carries.
struct Piece {
  std::size_t offset = 0;  // in units of 8 bytes
  bool more = false;
  Bytes bytes;
};
using Pieces = std::vector<Piece>;

// In pieces of that many bytes, a multiple of 8, but for the last one; the
// first one can have a size of its own.
Pieces Split(const Bytes& bytes, std::size_t piece_bytes,
             std::size_t first_bytes = 0);

// One fragment. `between` is what an IPv6 packet has before its fragment
// header; `protocol` says what begins there when it is not the segment.
Bytes Frame(const Probe& probe, const Piece& piece, const Packet& before = {},
            const Packet& between = {}, std::uint8_t protocol = 0);
std::vector<Bytes> Frames(const Probe& probe, const Pieces& pieces);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_E2E_PROBE_H_
