// What rules may ask of a packet.
#ifndef FWAGENT_AGENT_POLICY_PACKET_FACTS_H_
#define FWAGENT_AGENT_POLICY_PACKET_FACTS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "agent/policy/packet_match.h"
#include "agent/policy/port_range.h"
#include "agent/policy/prefix.h"

namespace fwagent::policy {

// What only ordered rules ask for.
struct PacketDetails {
  std::optional<Prefix> destination;  // a host
  std::optional<std::uint8_t> ip_protocol;
  std::optional<std::uint16_t> source_port_host;
  std::optional<std::uint32_t> icmp;  // type << 8 | code, of either ICMP
  std::optional<std::uint8_t> tcp_flags;
  std::optional<std::uint32_t> vlan;
  std::optional<std::uint32_t> length_bytes;  // of the IP packet
  std::string interface;

  bool operator==(const PacketDetails&) const = default;
};

// As far as it could be read.
struct PacketFacts {
  std::optional<Prefix> source;            // a host
  std::optional<Protocol> protocol;        // one that has ports
  std::optional<std::uint16_t> port_host;  // destination; only with a protocol
  PacketDetails more = {};

  bool operator==(const PacketFacts&) const = default;
};

// Whether a host belongs to the set of this name.
using IsInSet = std::function<bool(const std::string& set, const Prefix& host)>;

// Whether all conditions hold. Of what a packet does not have, or what could
// not be read of it, none does.
bool Holds(const PacketConditions& conditions, const PacketFacts& facts,
           const IsInSet& is_in_set);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PACKET_FACTS_H_
