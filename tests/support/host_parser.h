// The program's parser, compiled for the host: where sanitizers see what it
// reads.
#ifndef FWAGENT_TESTS_SUPPORT_HOST_PARSER_H_
#define FWAGENT_TESTS_SUPPORT_HOST_PARSER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "bpf/fw_walk.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// A copy of a frame that ends where its heap block ends, aligned as network
// drivers do it: what follows the Ethernet header is at a multiple of four.
class HeapFrame {
 public:
  HeapFrame(const std::uint8_t* data, std::size_t size);
  ~HeapFrame();
  HeapFrame(const HeapFrame&) = delete;
  HeapFrame& operator=(const HeapFrame&) = delete;

  const std::uint8_t* begin() const { return block_ + kOffset; }
  const std::uint8_t* end() const { return begin() + size_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kOffset = 2;

  std::uint8_t* const block_;
  const std::size_t size_;
};

// All that the parser finds.
struct HostPacket {
  fw_link link{};
  bool has_address = false;
  // As it is in the packet; of IPv4 the first four bytes.
  std::array<std::uint8_t, 16> source{};
  bool is_neighbor_discovery = false;
  fw_transport transport{};
  bool has_identification = false;  // the place that `transport` names is there
};

// Parses as the program does, tags and extension headers included.
HostPacket ParseOnHost(const HeapFrame& frame);
HostPacket ParseOnHost(const Bytes& frame);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_HOST_PARSER_H_
