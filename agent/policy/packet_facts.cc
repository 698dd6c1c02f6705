#include "agent/policy/packet_facts.h"

#include <algorithm>

namespace fwagent::policy {
namespace {

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmpv6 = 58;

template <typename Value>
bool Holds(const ValueSet& values, const std::optional<Value>& value) {
  return values.empty() || (value.has_value() && values.Accepts(*value));
}

bool Holds(const AddressCondition& condition, const std::optional<Prefix>& host,
           const IsInSet& is_in_set) {
  if (condition.empty()) return true;
  if (!host.has_value()) return false;
  const bool is_inside =
      std::any_of(condition.prefixes.begin(), condition.prefixes.end(),
                  [&host](const Prefix& prefix) {
                    return prefix.family() == host->family() &&
                           host->Shortened(prefix.length()) == prefix;
                  }) ||
      std::any_of(
          condition.sets.begin(), condition.sets.end(),
          [&](const std::string& set) { return is_in_set(set, *host); });
  return is_inside != condition.negated;
}

bool HoldsOfIcmp(const ValueSet& values, std::uint8_t protocol,
                 const PacketDetails& packet) {
  if (values.empty()) return true;
  return packet.ip_protocol == protocol && Holds(values, packet.icmp);
}

}  // namespace

bool Holds(const PacketConditions& conditions, const PacketFacts& facts,
           const IsInSet& is_in_set) {
  const PacketDetails& more = facts.more;
  return Holds(conditions.source, facts.source, is_in_set) &&
         Holds(conditions.destination, more.destination, is_in_set) &&
         Holds(conditions.protocols, more.ip_protocol) &&
         Holds(conditions.source_ports, more.source_port_host) &&
         Holds(conditions.destination_ports, facts.port_host) &&
         HoldsOfIcmp(conditions.icmp, kIcmp, more) &&
         HoldsOfIcmp(conditions.icmpv6, kIcmpv6, more) &&
         (conditions.tcp_flags.empty() ||
          (more.tcp_flags.has_value() &&
           conditions.tcp_flags.Accepts(*more.tcp_flags))) &&
         Holds(conditions.vlans, more.vlan) &&
         Holds(conditions.lengths, more.length_bytes) &&
         (conditions.interfaces.empty() ||
          (!more.interface.empty() &&
           conditions.interfaces.Accepts(more.interface)));
}

}  // namespace fwagent::policy
