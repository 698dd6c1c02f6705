#include "agent/lookup/rule_fields.h"

#include <array>
#include <cstddef>

namespace fwagent::lookup {
namespace {

using policy::PacketConditions;
using policy::ValueRange;
using policy::ValueSet;

// All from 0 to `last` that the set accepts, each `base` more.
void Accept(const ValueSet& set, std::uint32_t last, std::uint32_t base,
            std::vector<ValueRange>& accepted) {
  if (!set.negated) {
    for (const ValueRange& range : set.ranges) {
      accepted.push_back({range.first + base, range.last + base});
    }
    return;
  }
  std::uint32_t next = 0;
  for (const ValueRange& range : set.ranges) {
    if (range.first > next) {
      accepted.push_back({next + base, range.first - 1 + base});
    }
    next = range.last + 1;
  }
  if (next <= last) accepted.push_back({next + base, last + base});
}

template <typename Accepts>
void AcceptEach(std::uint32_t count, const Accepts& accepts,
                std::vector<ValueRange>& accepted) {
  for (std::uint32_t value = 0; value < count; ++value) {
    if (accepts(value)) accepted.push_back({value, value});
  }
}

}  // namespace

bool Asks(const PacketConditions& conditions, fw_rule_field field) {
  switch (field) {
    case FW_FIELD_SOURCE:
      return !conditions.source.empty();
    case FW_FIELD_DESTINATION:
      return !conditions.destination.empty();
    case FW_FIELD_PROTOCOL:
      return !conditions.protocols.empty();
    case FW_FIELD_SOURCE_PORT:
      return !conditions.source_ports.empty();
    case FW_FIELD_DESTINATION_PORT:
      return !conditions.destination_ports.empty();
    case FW_FIELD_ICMP:
      return !conditions.icmp.empty() || !conditions.icmpv6.empty();
    case FW_FIELD_TCP_FLAGS:
      return !conditions.tcp_flags.empty();
    case FW_FIELD_VLAN:
      return !conditions.vlans.empty();
    case FW_FIELD_LENGTH:
      return !conditions.lengths.empty();
    case FW_FIELD_INTERFACE:
      return !conditions.interfaces.empty();
    case FW_RULE_FIELDS:
      break;
  }
  return false;
}

std::uint32_t FieldsOf(const PacketConditions& conditions) {
  std::uint32_t fields = 0;
  for (int field = 0; field < FW_RULE_FIELDS; ++field) {
    if (Asks(conditions, static_cast<fw_rule_field>(field))) {
      fields |= 1U << field;
    }
  }
  return fields;
}

std::vector<ValueRange> AcceptedBy(const PacketConditions& conditions,
                                   fw_rule_field field,
                                   const std::vector<std::string>& interfaces) {
  std::vector<ValueRange> accepted;
  switch (field) {
    case FW_FIELD_PROTOCOL:
      Accept(conditions.protocols, FW_PROTOCOLS - 1, 0, accepted);
      Accept(conditions.protocols, FW_PROTOCOLS - 1, FW_PROTOCOLS, accepted);
      break;
    case FW_FIELD_SOURCE_PORT:
      Accept(conditions.source_ports, FW_NO_PORT - 1, 0, accepted);
      break;
    case FW_FIELD_DESTINATION_PORT:
      Accept(conditions.destination_ports, FW_NO_PORT - 1, 0, accepted);
      break;
    case FW_FIELD_ICMP:
      // A rule has one of them.
      if (conditions.icmp.empty()) {
        Accept(conditions.icmpv6, FW_ICMPV6 - 1, FW_ICMPV6, accepted);
      } else {
        Accept(conditions.icmp, FW_ICMPV6 - 1, 0, accepted);
      }
      break;
    case FW_FIELD_TCP_FLAGS:
      AcceptEach(
          FW_NO_FLAGS,
          [&](std::uint32_t flags) {
            return conditions.tcp_flags.Accepts(
                static_cast<std::uint8_t>(flags));
          },
          accepted);
      break;
    case FW_FIELD_VLAN:
      Accept(conditions.vlans, FW_NO_VLAN - 1, 0, accepted);
      break;
    case FW_FIELD_LENGTH:
      Accept(conditions.lengths, FW_LENGTHS - 1, 0, accepted);
      break;
    case FW_FIELD_INTERFACE:
      AcceptEach(
          static_cast<std::uint32_t>(interfaces.size()),
          [&](std::uint32_t slot) {
            return !interfaces[slot].empty() &&
                   conditions.interfaces.Accepts(interfaces[slot]);
          },
          accepted);
      break;
    case FW_FIELD_SOURCE:
    case FW_FIELD_DESTINATION:
    case FW_RULE_FIELDS:
      break;
  }
  return accepted;
}

std::uint32_t ValuesOf(fw_rule_field field) {
  constexpr std::array<std::uint32_t, FW_RULE_FIELDS> kValues = FW_FIELD_VALUES;
  return kValues[static_cast<std::size_t>(field)];
}

}  // namespace fwagent::lookup
