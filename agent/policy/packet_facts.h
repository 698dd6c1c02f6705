// What rules may ask of a packet.
#ifndef FWAGENT_AGENT_POLICY_PACKET_FACTS_H_
#define FWAGENT_AGENT_POLICY_PACKET_FACTS_H_

#include <cstdint>
#include <optional>

#include "agent/policy/port_range.h"
#include "agent/policy/prefix.h"

namespace fwagent::policy {

// As far as it could be read.
struct PacketFacts {
  std::optional<Prefix> source;            // a host
  std::optional<Protocol> protocol;        // one that has ports
  std::optional<std::uint16_t> port_host;  // destination; only with a protocol

  bool operator==(const PacketFacts&) const = default;
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PACKET_FACTS_H_
