#include "agent/text/packed_list.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/text/json_list.h"
#include "agent/text/text_list.h"

namespace fwagent::text {
namespace {

constexpr std::size_t kPartBytes = std::size_t{1} << 20;
constexpr std::size_t kSkippedShown = 10;
// What a file says of its size need not be so.
constexpr std::uintmax_t kMostReserved = std::uintmax_t{256} << 20;

// Gathers prefixes, and what to say of those that cannot be read.
class Packer {
 public:
  Packer(const std::string& name, const ListOptions& options)
      : name_(name), options_(options) {}

  // `unit`: "line", "element". An error ends the list.
  absl::Status Add(const char* unit, std::uint64_t number,
                   const absl::StatusOr<ListEntry>& entry) {
    if (list_.parts.empty() ||
        list_.parts.back().ipv4().size() + list_.parts.back().ipv6().size() >
            kPartBytes) {
      list_.parts.emplace_back();
    }
    const absl::Status packed = entry.ok() ? Pack(*entry) : entry.status();
    if (packed.ok()) {
      ++list_.count;
      return absl::OkStatus();
    }
    std::string wrong = absl::StrCat(name_, ", ", unit, " ", number, ": ",
                                     std::string(packed.message()));
    if (!options_.skip_invalid) return absl::InvalidArgumentError(wrong);
    ++list_.skipped;
    if (list_.skipped_lines.size() < kSkippedShown) {
      list_.skipped_lines.push_back(std::move(wrong));
    }
    return absl::OkStatus();
  }

  PackedList Take() && { return std::move(list_); }

 private:
  absl::Status Pack(const ListEntry& entry) {
    return PackPrefix(
        entry.prefix, list_.parts.back(),
        options_.ignore_ttls ? kAsTheImportSays : entry.ttl_seconds);
  }

  const std::string& name_;
  const ListOptions options_;
  PackedList list_;
};

bool IsObject(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  return begin != std::string_view::npos && line[begin] == '{';
}

absl::Status PackLine(std::string_view line, std::uint64_t number,
                      TextListReader& reader, Packer& packer) {
  if (IsObject(line)) {
    const auto word = PrefixOfJsonLine(line);
    if (!word.ok()) return packer.Add("line", number, word.status());
    if (word->empty()) return absl::OkStatus();
    return packer.Add("line", number, ListEntry{.prefix = *word});
  }
  const auto entry = reader.Read(line);
  if (entry.ok() && entry->prefix.empty()) return absl::OkStatus();
  return packer.Add("line", number, entry);
}

absl::Status PackLines(std::string_view text, Packer& packer) {
  TextListReader reader;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    absl::Status packed = PackLine(line, number, reader, packer);
    if (!packed.ok()) return packed;
  }
  return absl::OkStatus();
}

absl::Status PackNftElements(std::string_view text, const std::string& name,
                             Packer& packer) {
  bool refused = false;
  absl::Status status =
      ForEachNftElement(text, [&](std::uint64_t number, const auto& element) {
        absl::Status packed = packer.Add(
            "element", number,
            element.ok() ? absl::StatusOr<ListEntry>(
                               ListEntry{element->prefix, element->ttl_seconds})
                         : element.status());
        refused = !packed.ok();
        return packed;
      });
  if (status.ok() || refused) return status;
  return absl::InvalidArgumentError(
      absl::StrCat(name, " ", std::string(status.message())));
}

}  // namespace

absl::StatusOr<PackedList> PackList(std::string_view text,
                                    const std::string& name,
                                    const ListOptions& options) {
  Packer packer(name, options);
  absl::Status packed = IsNftDocument(text)
                            ? PackNftElements(text, name, packer)
                            : PackLines(text, packer);
  if (!packed.ok()) return packed;
  return std::move(packer).Take();
}

absl::StatusOr<PackedList> PackFile(const std::string& path,
                                    const ListOptions& options) {
  std::string text;
  const auto read = [&text](std::istream& in) {
    std::array<char, 65536> block;
    while (in.read(block.data(), block.size()) || in.gcount() > 0) {
      text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    }
    return !in.bad();
  };
  const auto unreadable = [&path] {
    return absl::NotFoundError(
        absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  };
  if (path == "-") {
    if (!read(std::cin)) return unreadable();
    return PackList(text, "standard input", options);
  }
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(path, none);
  if (!none) text.reserve(std::min(size, kMostReserved));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file || !read(file)) return unreadable();
  return PackList(text, path, options);
}

}  // namespace fwagent::text
