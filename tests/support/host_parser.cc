#include "tests/support/host_parser.h"

#include <cstdlib>
#include <cstring>

namespace fwagent::testing {
namespace {

// The two walks of bpf/fw_subprograms.h, which are written for the verifier.
fw_link FollowTags(const HeapFrame& frame, fw_link link) {
  for (std::uint32_t i = 0; fw_is_vlan(link.ethertype); ++i) {
    link = fw_pass_tag(link, fw_read_word(frame.begin(), frame.end(), i));
  }
  return link;
}

fw_transport FollowChain(const HeapFrame& frame, fw_chain chain) {
  const auto next_word = [&] {
    return fw_read_word(frame.begin(), frame.end(), fw_chain_words(chain));
  };
  for (int i = 0; i < FW_MAX_EXT_HEADERS && fw_is_extension(chain.type); ++i) {
    chain = fw_pass_extension(chain, next_word());
  }
  return fw_end_chain(chain, next_word());
}

void ParseIpv4(fw_cursor cursor, HostPacket* packet) {
  __be32 source = 0;
  packet->has_address = fw_parse_ipv4(&cursor, &source) != 0;
  if (!packet->has_address) return;
  std::memcpy(packet->source.data(), &source, sizeof(source));
  packet->transport = fw_parse_behind_ipv4(&cursor);
}

void ParseIpv6(const HeapFrame& frame, fw_cursor cursor, HostPacket* packet) {
  fw_source6 source{};
  int is_neighbor_discovery = 0;
  packet->has_address =
      fw_parse_ipv6(cursor, &source, &is_neighbor_discovery) != 0;
  if (!packet->has_address) return;
  std::memcpy(packet->source.data(), &source, sizeof(source));
  packet->is_neighbor_discovery = is_neighbor_discovery != 0;
  fw_chain chain{};
  packet->transport = fw_parse_behind_ipv6(&cursor, &chain);
  if (packet->transport.extent == FW_EXTENT_CHAIN) {
    packet->transport = FollowChain(frame, chain);
  }
}

}  // namespace

HeapFrame::HeapFrame(const std::uint8_t* data, std::size_t size)
    : block_(static_cast<std::uint8_t*>(std::malloc(kOffset + size))),
      size_(size) {
  if (size > 0) std::memcpy(block_ + kOffset, data, size);
}

HeapFrame::~HeapFrame() { std::free(block_); }

HostPacket ParseOnHost(const HeapFrame& frame) {
  fw_cursor cursor = {frame.begin(), frame.end(), 0, frame.size()};
  HostPacket result;
  result.link = FollowTags(frame, fw_parse_link(&cursor));
  fw_skip_tags(&cursor, result.link.tag_count);
  if (result.link.ethertype == ETH_P_IP) {
    ParseIpv4(cursor, &result);
  } else if (result.link.ethertype == ETH_P_IPV6) {
    ParseIpv6(frame, cursor, &result);
  }
  result.has_identification =
      fw_read_word(frame.begin(), frame.end(),
                   result.transport.identification) != FW_NO_WORD;
  return result;
}

HostPacket ParseOnHost(const Bytes& frame) {
  return ParseOnHost(HeapFrame(frame.data(), frame.size()));
}

}  // namespace fwagent::testing
