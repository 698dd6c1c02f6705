// Single entries of long lists, in few bytes.
#ifndef FWAGENT_AGENT_TEXT_PACK_PREFIX_H_
#define FWAGENT_AGENT_TEXT_PACK_PREFIX_H_

#include <cstdint>
#include <limits>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fwagent/v1/set.pb.h"

namespace fwagent::text {

// How long an entry lasts, as in PackedPrefixes.
inline constexpr std::uint32_t kAsTheImportSays = 0;
inline constexpr std::uint32_t kNeverEnds =
    std::numeric_limits<std::uint32_t>::max();

// Reads a number of seconds, of which 0 is for ever. INVALID_ARGUMENT: it is
// none, or more than ten years.
absl::StatusOr<std::uint32_t> ReadEntryTtl(std::string_view seconds);

// Appends one prefix, and how long it lasts. INVALID_ARGUMENT says what is
// wrong with it; then nothing was appended.
absl::Status PackPrefix(std::string_view word,
                        fwagent::v1::PackedPrefixes& packed,
                        std::uint32_t ttl_seconds = kAsTheImportSays);

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_PACK_PREFIX_H_
