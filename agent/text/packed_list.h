// Long lists of prefixes, read fast.
#ifndef FWAGENT_AGENT_TEXT_PACKED_LIST_H_
#define FWAGENT_AGENT_TEXT_PACKED_LIST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "fwagent/v1/set_service.pb.h"

namespace fwagent::text {

// What a list comes to.
struct PackedList {
  // Together everything in it, each small enough for one message.
  std::vector<fwagent::v1::PackedPrefixes> parts;
  std::uint64_t count = 0;
  // With skip_invalid: how many lines were left out, and why the first ones.
  std::uint64_t skipped = 0;
  std::vector<std::string> skipped_lines;
};

struct ListOptions {
  bool skip_invalid = false;
  // How long entries last is said elsewhere for all of them.
  bool ignore_ttls = false;
};

// One prefix on a line: 192.0.2.1, 192.0.2.0/24, 2001:db8::/32. What follows
// '#' or ';' is a comment; blank lines are passed over. So are the lines of
// `ipset save` but for "add SET PREFIX ...", of which the prefix and the
// timeout are taken. A line may be an object of Spamhaus DROP, and all of it
// what `nft
// --json list set` prints: see json_list.h. INVALID_ARGUMENT names the first
// line, or element, that is none of these, unless `skip_invalid`.
absl::StatusOr<PackedList> PackList(std::string_view text,
                                    const std::string& name,
                                    const ListOptions& options = {});

// The same of a file, "-" for standard input. NOT_FOUND: it cannot be opened.
absl::StatusOr<PackedList> PackFile(const std::string& path,
                                    const ListOptions& options = {});

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_PACKED_LIST_H_
