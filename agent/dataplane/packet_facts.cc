#include "agent/dataplane/packet_facts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "bpf/fw_walk.h"

namespace fwagent::dataplane {
namespace {

using policy::PacketFacts;

// A copy, aligned as network drivers do it: what follows the Ethernet header is
// at a multiple of four, as the parser reads it.
class AlignedFrame {
 public:
  explicit AlignedFrame(std::string_view frame)
      : block_(kOffset + frame.size()) {
    if (!frame.empty()) {
      std::memcpy(block_.data() + kOffset, frame.data(), frame.size());
    }
  }

  const std::uint8_t* begin() const { return block_.data() + kOffset; }
  const std::uint8_t* end() const { return block_.data() + block_.size(); }
  std::size_t size() const { return block_.size() - kOffset; }
  std::uint8_t at(std::size_t offset) const { return begin()[offset]; }
  std::uint32_t two_at(std::size_t offset) const {
    return static_cast<std::uint32_t>(at(offset) << 8 | at(offset + 1));
  }

 private:
  static constexpr std::size_t kOffset = 2;
  std::vector<std::uint8_t> block_;
};

// The two walks of bpf/fw_subprograms.h, which are written for the verifier.
fw_link FollowTags(const AlignedFrame& frame, fw_link link) {
  for (std::uint32_t i = 0; fw_is_vlan(link.ethertype); ++i) {
    link = fw_pass_tag(link, fw_read_word(frame.begin(), frame.end(), i));
  }
  return link;
}

std::uint64_t NextWord(const AlignedFrame& frame, const fw_chain& chain) {
  return fw_read_word(frame.begin(), frame.end(), fw_chain_words(chain));
}

fw_chain FollowChain(const AlignedFrame& frame, fw_chain chain) {
  for (int i = 0; i < FW_MAX_EXT_HEADERS && fw_is_extension(chain.type) != 0;
       ++i) {
    chain = fw_pass_extension(chain, NextWord(frame, chain));
  }
  return chain;
}

fw_transport EndOfChain(const AlignedFrame& frame, const fw_chain& chain) {
  return fw_end_chain(chain, NextWord(frame, chain));
}

std::optional<policy::Prefix> HostAt(const AlignedFrame& frame,
                                     std::size_t offset, std::size_t bytes) {
  auto host = policy::Prefix::FromBytes(
      std::string_view(reinterpret_cast<const char*>(frame.begin() + offset),
                       bytes),
      static_cast<std::uint32_t>(bytes * 8));
  if (!host.ok()) return std::nullopt;
  return *host;
}

// What is behind the IP header and its extensions, up to `limit`.
void SetInner(const AlignedFrame& frame, std::size_t offset, std::size_t limit,
              PacketFacts& facts) {
  constexpr std::size_t kPortsBytes = 4;
  constexpr std::size_t kIcmpBytes = 2;
  constexpr std::size_t kFlagsOffset = 13;
  const std::size_t end = std::min(limit, frame.size());
  const auto has = [&](std::size_t bytes) { return offset + bytes <= end; };
  if (facts.port_host.has_value() && has(kPortsBytes)) {
    facts.more.source_port_host =
        static_cast<std::uint16_t>(frame.two_at(offset));
  }
  const auto protocol = facts.more.ip_protocol;
  if (protocol == IPPROTO_TCP && has(kFlagsOffset + 1)) {
    facts.more.tcp_flags = frame.at(offset + kFlagsOffset);
  }
  const bool is_icmp = protocol == IPPROTO_ICMP;
  if ((is_icmp || protocol == IPPROTO_ICMPV6) && has(kIcmpBytes)) {
    facts.more.icmp = frame.two_at(offset);
  }
}

void SetTransport(const fw_transport& transport, PacketFacts& facts) {
  const std::uint32_t extent = transport.extent & ~FW_EXTENT_FIRST;
  const bool has_ports = extent == FW_EXTENT_PORTS;
  if (!has_ports && extent != FW_EXTENT_PORTS_CUT) return;
  facts.protocol = static_cast<policy::Protocol>(transport.protocol);
  if (has_ports) {
    facts.port_host = static_cast<std::uint16_t>(transport.port);
  }
}

PacketFacts FactsOfIpv4(const AlignedFrame& frame, fw_cursor cursor) {
  PacketFacts facts;
  __be32 source = 0;
  if (fw_parse_ipv4(&cursor, &source) == 0) return facts;
  const std::size_t ip = cursor.offset;
  facts.source = HostAt(frame, ip + offsetof(iphdr, saddr), 4);
  facts.more.destination = HostAt(frame, ip + offsetof(iphdr, daddr), 4);
  facts.more.ip_protocol = frame.at(ip + offsetof(iphdr, protocol));
  const std::uint32_t length = frame.two_at(ip + offsetof(iphdr, tot_len));
  facts.more.length_bytes = length;
  const fw_transport transport = fw_parse_behind_ipv4(&cursor);
  SetTransport(transport, facts);
  if (transport.extent != FW_EXTENT_FRAGMENT) {
    SetInner(frame, ip + (frame.at(ip) & 0xf) * std::size_t{4}, ip + length,
             facts);
  }
  return facts;
}

PacketFacts FactsOfIpv6(const AlignedFrame& frame, fw_cursor cursor) {
  PacketFacts facts;
  fw_source6 source{};
  int is_neighbor_discovery = 0;
  if (fw_parse_ipv6(cursor, &source, &is_neighbor_discovery) == 0) return facts;
  const std::size_t ip = cursor.offset;
  facts.source = HostAt(frame, ip + offsetof(ipv6hdr, saddr), 16);
  facts.more.destination = HostAt(frame, ip + offsetof(ipv6hdr, daddr), 16);
  facts.more.length_bytes = static_cast<std::uint32_t>(
      sizeof(ipv6hdr) + frame.two_at(ip + offsetof(ipv6hdr, payload_len)));
  fw_chain chain{};
  chain.type = frame.at(ip + offsetof(ipv6hdr, nexthdr));
  fw_transport transport = fw_parse_behind_ipv6(&cursor, &chain);
  if (transport.extent == FW_EXTENT_CHAIN) {
    chain = FollowChain(frame, chain);
    transport = EndOfChain(frame, chain);
  } else {
    chain.offset = static_cast<std::uint32_t>(cursor.offset);
    chain.limit = static_cast<std::uint32_t>(cursor.limit);
  }
  SetTransport(transport, facts);
  if (chain.type > 0xff) return facts;
  facts.more.ip_protocol = static_cast<std::uint8_t>(chain.type);
  SetInner(frame, chain.offset, chain.limit, facts);
  return facts;
}

}  // namespace

static_assert(static_cast<int>(policy::Protocol::kTcp) == FW_PORT_TCP);
static_assert(static_cast<int>(policy::Protocol::kUdp) == FW_PORT_UDP);
static_assert(static_cast<int>(policy::Protocol::kSctp) == FW_PORT_SCTP);
static_assert(static_cast<int>(policy::Protocol::kUdpLite) == FW_PORT_UDPLITE);
static_assert(static_cast<int>(policy::Protocol::kDccp) == FW_PORT_DCCP);

PacketFacts ReadFacts(std::string_view bytes) {
  const AlignedFrame frame(bytes);
  fw_cursor cursor = {frame.begin(), frame.end(), 0, frame.size()};
  const fw_link link = FollowTags(frame, fw_parse_link(&cursor));
  fw_skip_tags(&cursor, link.tag_count);
  PacketFacts facts;
  if (link.ethertype == ETH_P_IP) facts = FactsOfIpv4(frame, cursor);
  if (link.ethertype == ETH_P_IPV6) facts = FactsOfIpv6(frame, cursor);
  constexpr std::uint32_t kVlanId = 0xfff;
  if (facts.source.has_value() && link.tag_count > 0) {
    facts.more.vlan = frame.two_at(ETH_HLEN) & kVlanId;
  }
  return facts;
}

}  // namespace fwagent::dataplane
