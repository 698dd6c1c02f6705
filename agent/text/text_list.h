// Lists of prefixes that are text: one on a line, or `ipset save`.
#ifndef FWAGENT_AGENT_TEXT_TEXT_LIST_H_
#define FWAGENT_AGENT_TEXT_TEXT_LIST_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "agent/text/pack_prefix.h"

namespace fwagent::text {

// An entry as a list has it.
struct ListEntry {
  std::string_view prefix;  // empty: none is on this line
  std::uint32_t ttl_seconds = kAsTheImportSays;
};

// Reads the lines of one list in their order.
class TextListReader {
 public:
  // What is on the line, of which `prefix` is a part. INVALID_ARGUMENT: more
  // than an entry, or an exception to others.
  absl::StatusOr<ListEntry> Read(std::string_view line);

 private:
  absl::StatusOr<ListEntry> ReadAdd(std::string_view line,
                                    std::string_view words);

  // What `create` said last, of entries that say nothing.
  std::uint32_t ipset_ttl_ = kAsTheImportSays;
};

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_TEXT_LIST_H_
