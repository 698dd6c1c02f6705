// Packets for `fwctl explain`.
#ifndef FWAGENT_CLIENT_TEST_FRAME_H_
#define FWAGENT_CLIENT_TEST_FRAME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace fwagent::client {

// A packet in words; host byte order.
struct PacketWords {
  std::string source;       // an address
  std::string destination;  // of the same family; empty: one that nobody has
  std::string protocol;     // name or number; empty: one without ports
  std::optional<std::uint16_t> source_port;
  std::optional<std::uint16_t> destination_port;
  std::optional<std::uint8_t> icmp_type;
};

// The Ethernet frame that they describe, as the first packet of a connection
// would be. Checksums are zero: no rule asks for them. INVALID_ARGUMENT names
// the option that is wrong, or missing.
absl::StatusOr<std::string> BuildFrame(const PacketWords& words);

// An Ethernet header before an IP packet, of the family that its first half
// byte says; INVALID_ARGUMENT when that is none.
absl::StatusOr<std::string> WithEthernet(const std::string& packet);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_TEST_FRAME_H_
