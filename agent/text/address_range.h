// Ranges of addresses, as prefixes.
#ifndef FWAGENT_AGENT_TEXT_ADDRESS_RANGE_H_
#define FWAGENT_AGENT_TEXT_ADDRESS_RANGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fwagent::text {

// The prefixes that together are the addresses from `first` to `last`, as few
// as can be. INVALID_ARGUMENT: they are no addresses of one family, or run
// backwards.
absl::StatusOr<std::vector<std::string>> PrefixesOfRange(std::string_view first,
                                                         std::string_view last);

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_ADDRESS_RANGE_H_
