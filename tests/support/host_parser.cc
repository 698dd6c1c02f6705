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

}  // namespace

HeapFrame::HeapFrame(const std::uint8_t* data, std::size_t size)
    : block_(static_cast<std::uint8_t*>(std::malloc(kOffset + size))),
      size_(size) {
  if (size > 0) std::memcpy(block_ + kOffset, data, size);
}

HeapFrame::~HeapFrame() { std::free(block_); }

HostPacket ParseOnHost(const HeapFrame& frame) {
  fw_cursor cursor = {frame.begin(), frame.end(), 0,
                      static_cast<std::uint32_t>(frame.size())};
  HostPacket result;
  fw_packet packet{};
  result.link = FollowTags(frame, fw_parse_link(&cursor));
  __be32 source4 = 0;
  fw_source6 source6{};
  fw_skip_tags(&cursor, result.link.tag_count);
  if (result.link.ethertype == ETH_P_IP) {
    result.has_address = fw_parse_ipv4(&cursor, &source4, &packet) != 0;
    std::memcpy(result.source.data(), &source4, sizeof(source4));
  } else if (result.link.ethertype == ETH_P_IPV6) {
    result.has_address = fw_parse_ipv6(&cursor, &source6, &packet) != 0;
    std::memcpy(result.source.data(), &source6, sizeof(source6));
  }
  result.transport = packet.transport;
  if (result.has_address && packet.transport.extent == FW_EXTENT_CHAIN) {
    result.transport = FollowChain(frame, packet.chain);
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
