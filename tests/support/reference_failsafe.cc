#include "tests/support/reference_failsafe.h"

#include <cstdint>
#include <optional>

#include "tests/support/reference_prefix.h"

namespace fwagent::testing {
namespace {

// Of IP.
std::uint8_t NumberOf(policy::Protocol protocol) {
  switch (protocol) {
    case policy::Protocol::kTcp:
      return 6;
    case policy::Protocol::kUdp:
      return 17;
    case policy::Protocol::kSctp:
      return 132;
    case policy::Protocol::kUdpLite:
      return 136;
    case policy::Protocol::kDccp:
      return 33;
  }
  return 0;
}

}  // namespace

bool IsFailsafe(const std::vector<policy::FailsafeEntry>& entries,
                const Datagram& datagram) {
  const Transport transport = ReadTransport(datagram);
  std::optional<std::uint16_t> port;
  if (transport.kind == Transport::Kind::kWhole) {
    port = transport.payload.U16(2);
  }
  for (const policy::FailsafeEntry& entry : entries) {
    if (!Holds(entry.sources, datagram.source)) continue;
    if (!entry.ports.has_value()) return true;
    if (port && NumberOf(entry.ports->protocol()) == transport.protocol &&
        entry.ports->first() <= *port && *port <= entry.ports->last()) {
      return true;
    }
  }
  return false;
}

}  // namespace fwagent::testing
