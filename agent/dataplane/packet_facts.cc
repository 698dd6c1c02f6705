#include "agent/dataplane/packet_facts.h"

#include <cstdint>
#include <cstring>
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

fw_transport FollowChain(const AlignedFrame& frame, fw_chain chain) {
  const auto next_word = [&] {
    return fw_read_word(frame.begin(), frame.end(), fw_chain_words(chain));
  };
  for (int i = 0; i < FW_MAX_EXT_HEADERS && fw_is_extension(chain.type) != 0;
       ++i) {
    chain = fw_pass_extension(chain, next_word());
  }
  return fw_end_chain(chain, next_word());
}

template <typename Address>
void SetSource(const Address& address, PacketFacts& facts) {
  auto host = policy::Prefix::FromBytes(
      std::string_view(reinterpret_cast<const char*>(&address),
                       sizeof(address)),
      sizeof(address) * 8);
  if (host.ok()) facts.source = *host;
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

PacketFacts FactsOfIpv4(fw_cursor cursor) {
  PacketFacts facts;
  __be32 source = 0;
  if (fw_parse_ipv4(&cursor, &source) == 0) return facts;
  SetSource(source, facts);
  SetTransport(fw_parse_behind_ipv4(&cursor), facts);
  return facts;
}

PacketFacts FactsOfIpv6(const AlignedFrame& frame, fw_cursor cursor) {
  PacketFacts facts;
  fw_source6 source{};
  int is_neighbor_discovery = 0;
  if (fw_parse_ipv6(cursor, &source, &is_neighbor_discovery) == 0) return facts;
  SetSource(source, facts);
  fw_chain chain{};
  fw_transport transport = fw_parse_behind_ipv6(&cursor, &chain);
  if (transport.extent == FW_EXTENT_CHAIN) {
    transport = FollowChain(frame, chain);
  }
  SetTransport(transport, facts);
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
  if (link.ethertype == ETH_P_IP) return FactsOfIpv4(cursor);
  if (link.ethertype == ETH_P_IPV6) return FactsOfIpv6(frame, cursor);
  return {};
}

}  // namespace fwagent::dataplane
