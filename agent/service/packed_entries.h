// Entries of sets as they come in, many at a time.
#ifndef FWAGENT_AGENT_SERVICE_PACKED_ENTRIES_H_
#define FWAGENT_AGENT_SERVICE_PACKED_ENTRIES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "agent/policy/set_entries.h"
#include "fwagent/v1/set.pb.h"

namespace fwagent::service {

// Their `until` becomes for how many seconds they are wanted, as in
// core::SetEdit. INVALID_ARGUMENT: something is wrong in this field.
absl::Status AddPacked(const v1::PackedPrefixes& prefixes,
                       const std::string& field,
                       policy::SetEntries::Builder& entries);

// RESOURCE_EXHAUSTED: so many are refused before they fill the memory.
absl::Status CheckEntryCount(std::uint64_t entries, std::uint64_t most);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_PACKED_ENTRIES_H_
