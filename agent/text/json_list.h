// Lists of prefixes that are JSON.
#ifndef FWAGENT_AGENT_TEXT_JSON_LIST_H_
#define FWAGENT_AGENT_TEXT_JSON_LIST_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/text/pack_prefix.h"

namespace fwagent::text {

// The prefix of a line of Spamhaus DROP, {"cidr":"192.0.2.0/24",...}; empty for
// its last line, which is about the list. INVALID_ARGUMENT: anything else.
absl::StatusOr<std::string> PrefixOfJsonLine(std::string_view line);

// Whether a text is what `nft --json` prints.
bool IsNftDocument(std::string_view text);

struct NftElement {
  std::string prefix;
  std::uint32_t ttl_seconds = kAsTheImportSays;  // what is left of it
};

// Gives each prefix of the one set in such a document, ranges in as few
// prefixes as they take, with the number of its element from 1 on; or what is
// wrong with that element. Ends with the first error that `take` returns.
// INVALID_ARGUMENT: it is no such document, or has no set or several.
absl::Status ForEachNftElement(
    std::string_view text,
    const std::function<absl::Status(
        std::uint64_t number, const absl::StatusOr<NftElement>& element)>&
        take);

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_JSON_LIST_H_
