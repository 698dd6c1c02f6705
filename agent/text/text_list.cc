#include "agent/text/text_list.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/text/printable.h"

namespace fwagent::text {
namespace {

// By hand: find_first_of calls memchr for each character, and lists are long.
bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool BeginsComment(char c) { return c == '#' || c == ';'; }

// Takes the first word off.
std::string_view TakeWord(std::string_view& text) {
  const auto begin = std::find_if_not(text.begin(), text.end(), IsSpace);
  const auto end = std::find_if(begin, text.end(), IsSpace);
  text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
  const std::string_view word =
      text.substr(0, static_cast<std::size_t>(end - begin));
  text.remove_prefix(word.size());
  return word;
}

absl::Status Wrong(std::string_view word, const char* what) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(word), "\" ", what));
}

// "create blocked hash:net family inet timeout 600"
absl::StatusOr<std::uint32_t> DefaultOf(std::string_view words) {
  for (std::string_view word = TakeWord(words); !word.empty();
       word = TakeWord(words)) {
    if (word != "timeout") continue;
    const auto ttl = ReadEntryTtl(TakeWord(words));
    if (!ttl.ok()) return ttl.status();
    return *ttl == kNeverEnds ? kAsTheImportSays : *ttl;
  }
  return kAsTheImportSays;
}

}  // namespace

// "add blocked 192.0.2.1 timeout 600 comment "why""
absl::StatusOr<ListEntry> TextListReader::ReadAdd(std::string_view line,
                                                  std::string_view words) {
  TakeWord(words);
  ListEntry entry{.prefix = TakeWord(words), .ttl_seconds = ipset_ttl_};
  if (entry.prefix.empty()) return Wrong(line, "adds nothing");
  for (std::string_view option = TakeWord(words);
       !option.empty() && option != "comment"; option = TakeWord(words)) {
    if (option == "nomatch") {
      return Wrong(entry.prefix,
                   "is an exception to others (nomatch), which a set has not: "
                   "put it into a set that allows");
    }
    if (option != "timeout") continue;
    const auto ttl = ReadEntryTtl(TakeWord(words));
    if (!ttl.ok()) return ttl.status();
    entry.ttl_seconds = *ttl;
  }
  return entry;
}

absl::StatusOr<ListEntry> TextListReader::Read(std::string_view line) {
  const auto end = std::find_if(line.begin(), line.end(), BeginsComment);
  std::string_view rest =
      line.substr(0, static_cast<std::size_t>(end - line.begin()));
  const std::string_view word = TakeWord(rest);
  if (word == "add") return ReadAdd(line, rest);
  if (word == "create") {
    const auto ttl = DefaultOf(rest);
    if (!ttl.ok()) return ttl.status();
    ipset_ttl_ = *ttl;
    return ListEntry();
  }
  if (!std::all_of(rest.begin(), rest.end(), IsSpace)) {
    return absl::InvalidArgumentError(
        "more than a prefix: begin what follows it with #");
  }
  return ListEntry{.prefix = word};
}

}  // namespace fwagent::text
