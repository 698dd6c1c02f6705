// The words of conditions: one value each, from text and to text.
#ifndef FWAGENT_AGENT_POLICY_MATCH_WORDS_H_
#define FWAGENT_AGENT_POLICY_MATCH_WORDS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/policy/packet_match.h"

namespace fwagent::policy {

// Lists are separated by commas; a "!" in front stands for the whole list.
// All: INVALID_ARGUMENT says what is wrong with which element.
absl::Status ReadAddresses(absl::string_view list, AddressCondition& condition);
// Numbers and ranges up to `last`.
absl::Status ReadValues(absl::string_view list, std::uint32_t last,
                        ValueSet& values);
// Numbers, or names such as "tcp".
absl::Status ReadProtocols(absl::string_view list, ValueSet& protocols);
// "8", "3/4", or names such as "echo-request"; `v6`: of ICMPv6.
absl::Status ReadIcmp(absl::string_view list, bool v6, ValueSet& values);
// "S/SA".
absl::Status ReadFlags(absl::string_view list, FlagsCondition& condition);
absl::Status ReadNames(absl::string_view list, NamesCondition& condition);
// "100/second", "5/minute", "10Mbytes/second".
absl::Status ReadRate(absl::string_view text, RateLimit& limit);
// "500", "64kbytes".
absl::Status ReadBurst(absl::string_view text, RateLimit& limit);
// "rule", "source", "network".
absl::Status ReadScope(absl::string_view text, RateLimit& limit);
// "90s", "10m", "1h", "1d".
absl::Status ReadBlockTime(absl::string_view text, RateLimit& limit);

// In the words that these read.
std::string ToText(const PacketConditions& conditions);
std::string ToText(const RateLimit& limit);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_MATCH_WORDS_H_
