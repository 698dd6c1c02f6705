// Which values of a field each ordered rule accepts.
#ifndef FWAGENT_AGENT_LOOKUP_RULE_FIELDS_H_
#define FWAGENT_AGENT_LOOKUP_RULE_FIELDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "agent/policy/packet_match.h"
#include "agent/policy/value_set.h"
#include "bpf/fw_rules.h"

namespace fwagent::lookup {

// Whether the rule asks about this field at all.
bool Asks(const policy::PacketConditions& conditions, fw_rule_field field);

// A bit for each field that it asks about.
std::uint32_t FieldsOf(const policy::PacketConditions& conditions);

// Of a field that is no address and that the rule asks about: the indexes that
// it accepts, in canonical form. `interfaces` are names by slot.
std::vector<policy::ValueRange> AcceptedBy(
    const policy::PacketConditions& conditions, fw_rule_field field,
    const std::vector<std::string>& interfaces);

// How many indexes a field has; 0 of an address.
std::uint32_t ValuesOf(fw_rule_field field);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_RULE_FIELDS_H_
