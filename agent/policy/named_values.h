// The names of protocols and of types of ICMP.
#ifndef FWAGENT_AGENT_POLICY_NAMED_VALUES_H_
#define FWAGENT_AGENT_POLICY_NAMED_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/policy/value_set.h"

namespace fwagent::policy {

// As the IANA numbers them; nullopt: no such name.
std::optional<std::uint32_t> ProtocolNumber(absl::string_view name);
std::optional<std::uint32_t> IcmpType(absl::string_view name, bool v6);

// "tcp,udp,132", "!tcp".
std::string ProtocolsText(const ValueSet& protocols);
// "8,3/4", "any"; of values that are type << 8 | code.
std::string IcmpText(const ValueSet& values);

// Whether a word could name an interface, or several.
bool IsInterfaceWord(absl::string_view word);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_NAMED_VALUES_H_
