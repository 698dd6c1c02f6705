// What stands where in a frame, read just far enough to say what nftables, in
// an ingress chain, cannot see of it. Shares nothing with the program in bpf/,
// nor with ReferenceFilter, so that no two of the three need be wrong alike.
#ifndef FWAGENT_TESTS_SUPPORT_FRAME_OUTLINE_H_
#define FWAGENT_TESTS_SUPPORT_FRAME_OUTLINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/packet.h"

namespace fwagent::testing {

struct FrameOutline {
  // Where the way to the ports ends.
  enum class End {
    kWhole,              // at the ports, or at a protocol that has none
    kNotIp,              //
    kCutInLink,          // inside the Ethernet header or a tag
    kTooManyTags,        // more than 16
    kBadIPv4,            // the header is cut off, or its fields cannot be true
    kBadIPv6,            //
    kCutInExtension,     // cut off, or longer than the datagram
    kTooManyExtensions,  // more than 24
    kCutBeforePort,      // before the end of the destination port
    kRewritesTcp,        // an IPv4 TCP fragment at offset 1 (RFC 3128)
    kLaterFragment,      // at another offset than 0
  };
  End end = End::kWhole;
  std::size_t tags = 0;
  bool is_ipv4 = false;  // if it is IP at all
  // Behind all extension headers that could be read.
  std::uint8_t protocol = 0;
  // Extension headers that nftables takes for transports.
  struct Opaque {
    std::size_t announced_at;  // the byte with its type
    std::size_t at;
    std::size_t size;
  };
  std::vector<Opaque> opaque = {};
  // From the innermost EtherType to the end of the datagram, or of the frame
  // where the datagram's own length is not to be trusted.
  std::size_t type_at = 0;
  std::size_t datagram_end = 0;

  // Of a fragment: whatever tells its datagram from others.
  std::optional<std::string> datagram = {};
};

FrameOutline ReadOutline(const Bytes& frame);

// TCP, UDP, UDP-Lite, SCTP and DCCP.
bool HasPorts(std::uint8_t ip_protocol);

// One that has no port.
inline bool IsLaterFragment(const FrameOutline& outline) {
  return outline.end == FrameOutline::End::kLaterFragment ||
         outline.end == FrameOutline::End::kRewritesTcp;
}

// The same datagram in the form that hides nothing from nftables: without tags
// and padding, and with destination options in the place of authentication,
// mobility, HIP and Shim6 headers.
Bytes PlainForm(const Bytes& frame, const FrameOutline& outline);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FRAME_OUTLINE_H_
