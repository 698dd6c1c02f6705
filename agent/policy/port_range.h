// Ports and the transport protocols that have them.
#ifndef FWAGENT_AGENT_POLICY_PORT_RANGE_H_
#define FWAGENT_AGENT_POLICY_PORT_RANGE_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace fwagent::policy {

enum class Protocol : std::uint8_t {
  kTcp = 0,
  kUdp = 1,
  kSctp = 2,
  kUdpLite = 3,
  kDccp = 4,
};

inline constexpr std::array<Protocol, 5> kProtocols = {
    Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kUdpLite,
    Protocol::kDccp};

// "tcp", "udp", "sctp", "udplite", "dccp".
std::string_view ProtocolName(Protocol protocol);

// The ports from first to last of one protocol, both included; in host byte
// order, 1 <= first <= last <= 65535.
class PortRange {
 public:
  // INVALID_ARGUMENT for port 0, a port above 65535 and an inverted range.
  static absl::StatusOr<PortRange> Create(Protocol protocol,
                                          std::uint32_t first,
                                          std::uint32_t last);

  Protocol protocol() const { return protocol_; }
  std::uint16_t first() const { return first_; }
  std::uint16_t last() const { return last_; }

  // "443/tcp", "8000-8100/udp".
  std::string ToString() const;

  auto operator<=>(const PortRange&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const PortRange& r) {
    return H::combine(std::move(h), r.protocol_, r.first_, r.last_);
  }

 private:
  PortRange(Protocol protocol, std::uint16_t first, std::uint16_t last)
      : protocol_(protocol), first_(first), last_(last) {}

  Protocol protocol_;
  std::uint16_t first_;
  std::uint16_t last_;
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PORT_RANGE_H_
