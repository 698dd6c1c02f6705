// Files with a prefix on each line, as people and programs keep them.
#ifndef FWAGENT_CLIENT_PREFIX_LIST_H_
#define FWAGENT_CLIENT_PREFIX_LIST_H_

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/failure.h"

namespace fwagent::client {

struct ListedPrefix {
  std::string text;
  std::string place;  // "bans.txt, line 3"; empty on the command line
};

// The first word of each line, unless it begins a comment with '#' or ';';
// lines without one are passed over. What it is worth is for the agent to say.
// INVALID_ARGUMENT names a line with another word behind the first, or too much
// of them.
absl::StatusOr<std::vector<ListedPrefix>> ReadPrefixList(
    std::istream& in, const std::string& name, std::size_t most);

// The same of a file, "-" for standard input. NOT_FOUND: it cannot be opened.
absl::StatusOr<std::vector<ListedPrefix>> ReadPrefixFile(
    const std::string& path, std::size_t most);

// Fields such as "edits[7].block.text" are in the terms of the protocol; people
// have lines. `field` is what comes before the index, as in "edits[".
void NameLines(std::string_view field,
               const std::vector<ListedPrefix>& prefixes, Failure& failure);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_PREFIX_LIST_H_
