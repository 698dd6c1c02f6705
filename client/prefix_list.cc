#include "client/prefix_list.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/text/printable.h"

namespace fwagent::client {
namespace {

constexpr char kSpaces[] = " \t\r\v\f";

// The part of a line that is no comment, without spaces around it.
std::string Content(const std::string& line) {
  const std::string kept = line.substr(0, line.find_first_of("#;"));
  const std::size_t first = kept.find_first_not_of(kSpaces);
  if (first == std::string::npos) return "";
  return kept.substr(first, kept.find_last_not_of(kSpaces) + 1 - first);
}

}  // namespace

absl::StatusOr<std::vector<ListedPrefix>> ReadPrefixList(
    std::istream& in, const std::string& name, std::size_t most) {
  std::vector<ListedPrefix> prefixes;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    std::string text = Content(line);
    if (text.empty()) continue;
    std::string place = absl::StrCat(name, ", line ", number);
    if (text.find_first_of(kSpaces) != std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          place, ": more than a prefix: begin what follows it with #"));
    }
    if (!text::IsUtf8(text)) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, ": not valid UTF-8"));
    }
    if (prefixes.size() == most) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": more than ", most,
                       " prefixes, which is the most for one change: split "
                       "the list"));
    }
    prefixes.push_back({std::move(text), std::move(place)});
  }
  if (in.bad()) {
    return absl::DataLossError(
        absl::StrCat("cannot read ", name, ": ", std::strerror(errno)));
  }
  return prefixes;
}

absl::StatusOr<std::vector<ListedPrefix>> ReadPrefixFile(
    const std::string& path, std::size_t most) {
  if (path == "-") return ReadPrefixList(std::cin, "standard input", most);
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(
        absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  return ReadPrefixList(file, path, most);
}

void NameLines(std::string_view field,
               const std::vector<ListedPrefix>& prefixes, Failure& failure) {
  for (FieldViolation& violation : failure.violations) {
    const std::size_t end = violation.field.find(']');
    std::size_t index = 0;
    if (!absl::StartsWith(violation.field, std::string(field)) ||
        end == std::string::npos ||
        !absl::SimpleAtoi(
            violation.field.substr(field.size(), end - field.size()), &index) ||
        index >= prefixes.size()) {
      continue;
    }
    const ListedPrefix& prefix = prefixes[index];
    const std::string rest = violation.field.substr(end + 1);
    // The same for all of them.
    violation.field = rest == ".ttl"           ? "--ttl"
                      : rest == ".expire_time" ? "--until"
                      : prefix.place.empty()   ? prefix.text
                                               : prefix.place;
    failure.message =
        absl::StrCat(violation.field, ": ", violation.description);
  }
}

}  // namespace fwagent::client
