#include "tests/e2e/frame_sets.h"

#include <netinet/in.h>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {
namespace {

struct Protocol {
  const char* name;
  std::uint8_t number;
  bool carries_packets = false;
};

// With ports, and what the program does not know. What is carried in other
// packets is not for the filter to see, until Linux has taken it out.
constexpr Protocol kUdp = {"udp", IPPROTO_UDP};
constexpr Protocol kTcp = {"tcp", IPPROTO_TCP};
constexpr Protocol kOthers[] = {
    {"udplite", IPPROTO_UDPLITE}, {"sctp", IPPROTO_SCTP},
    {"dccp", IPPROTO_DCCP},       {"253", 253},
    {"gre", IPPROTO_GRE, true},   {"esp", IPPROTO_ESP, true},
    {"ipip", IPPROTO_IPIP, true}, {"ipv6", IPPROTO_IPV6, true},
};

void Add(std::vector<FrameSet>& sets, bool v4, const Protocol& protocol,
         const Shapes& shapes) {
  for (const Shape& shape : shapes) {
    sets.push_back(
        {absl::StrCat(v4 ? "ipv4 " : "ipv6 ", protocol.name, ", ", shape.name),
         v4, protocol.number, shape});
  }
}

void AddFamily(std::vector<FrameSet>& sets, bool v4, const Protocol& protocol) {
  if (v4) {
    Add(sets, v4, protocol, IPv4Shapes());
    Add(sets, v4, protocol, IPv4OptionShapes());
  } else {
    Add(sets, v4, protocol, IPv6HeaderShapes());
    Add(sets, v4, protocol, IPv6ChainShapes());
    Add(sets, v4, protocol, IPv6FragmentShapes());
  }
}

}  // namespace

Limit FrameSet::limit() const {
  if (shape.limit != Limit::kDocumentedForTcp4) return shape.limit;
  return v4 && protocol == IPPROTO_TCP ? Limit::kDocumented : Limit::kNone;
}

std::vector<FrameSet> AllFrameSets() {
  std::vector<FrameSet> sets;
  for (const bool v4 : {true, false}) {
    for (const Protocol& protocol : {kUdp, kTcp}) {
      Add(sets, v4, protocol, LinkShapes());
      Add(sets, v4, protocol, PaddingShapes());
      Add(sets, v4, protocol, LengthShapes());
      Add(sets, v4, protocol, FragmentShapes());
      Add(sets, v4, protocol, DisturbedFragmentShapes());
      Add(sets, v4, protocol, RandomShapes());
      AddFamily(sets, v4, protocol);
    }
    Add(sets, v4, kTcp, TcpShapes());
    Add(sets, v4, kUdp, UdpShapes());
    Add(sets, v4, kUdp, DestinationShapes(v4));
    const Protocol echo = {
        "echo", v4 ? std::uint8_t{IPPROTO_ICMP} : std::uint8_t{IPPROTO_ICMPV6}};
    Add(sets, v4, echo, LinkShapes());
    Add(sets, v4, echo, FragmentShapes());
    AddFamily(sets, v4, echo);
    for (const Protocol& protocol : kOthers) {
      Add(sets, v4, protocol, PaddingShapes());
      Add(sets, v4, protocol, FragmentShapes());
      if (protocol.carries_packets) Add(sets, v4, protocol, TunnelShapes());
    }
  }
  return sets;
}

}  // namespace fwagent::testing
