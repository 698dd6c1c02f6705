// Any bytes at all, through the program's parser.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tests/support/host_parser.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using fwagent::testing::HeapFrame;
  const auto packet = fwagent::testing::ParseOnHost(HeapFrame(data, size));
  Require(packet.link.tag_count <= FW_MAX_VLAN_TAGS);
  Require(!fw_is_vlan(packet.link.ethertype));
  if (!packet.has_address) return 0;
  const std::uint32_t extent = packet.transport.extent & ~FW_EXTENT_FIRST;
  Require(extent != FW_EXTENT_CHAIN);
  if (extent == FW_EXTENT_FRAGMENT || extent != packet.transport.extent) {
    Require(packet.has_identification);
  }
  if (extent == FW_EXTENT_PORTS) {
    Require(packet.transport.protocol < FW_PORT_PROTOCOLS);
    Require(packet.transport.port <= 65535);
  }
  return 0;
}
