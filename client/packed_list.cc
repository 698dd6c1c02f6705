#include "client/packed_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/json_list.h"
#include "client/printable.h"

namespace fwagent::client {
namespace {

using fwagent::v1::PackedPrefixes;

// An address in network byte order.
struct Bytes {
  std::array<std::uint8_t, 16> address{};
  std::size_t size = 0;  // 4 or 16
};

constexpr std::size_t kPartBytes = std::size_t{1} << 20;
constexpr std::size_t kSkippedShown = 10;
constexpr std::string_view kSpaces = " \t\r\v\f";

// Takes the first word off.
std::string_view TakeWord(std::string_view& text) {
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) {
    text = {};
    return {};
  }
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(kSpaces));
  text.remove_prefix(word.size());
  return word;
}

// "192.0.2.1". inet_pton is slow, and there are millions.
bool ReadIPv4(std::string_view text, Bytes& bytes) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return false;
    const char* const begin = at;
    const auto [next, error] = std::from_chars(at, end, bytes.address[i]);
    // Zeros in front are octal to some.
    if (error != std::errc() || (next - begin > 1 && *begin == '0')) {
      return false;
    }
    at = next;
  }
  bytes.size = 4;
  return at == end;
}

bool ReadIPv6(std::string_view text, Bytes& bytes) {
  bytes.size = 16;
  return inet_pton(AF_INET6, std::string(text).c_str(), bytes.address.data()) ==
         1;
}

// "24"; no more than `most`.
bool ReadLength(std::string_view text, std::size_t most, std::uint8_t& length) {
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, length);
  return error == std::errc() && next == end && length <= most &&
         !(text.size() > 1 && text.front() == '0');
}

// Whether a bit behind the first `length` is set; they are cleared.
bool ClearHostBits(std::uint8_t length, Bytes& bytes) {
  bool were_set = false;
  for (std::size_t i = length / 8; i < bytes.size; ++i) {
    const std::uint8_t host =
        i == length / 8 ? static_cast<std::uint8_t>(0xff >> length % 8) : 0xff;
    were_set |= (bytes.address[i] & host) != 0;
    bytes.address[i] &= static_cast<std::uint8_t>(~host);
  }
  return were_set;
}

bool IsMapped(const Bytes& bytes, std::uint8_t length) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                                    0, 0, 0, 0, 0xff, 0xff};
  return bytes.size == 16 && length >= 8 * kMapped.size() &&
         std::equal(kMapped.begin(), kMapped.end(), bytes.address.begin());
}

std::string ToText(const Bytes& bytes, std::uint8_t length) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size == 4 ? AF_INET : AF_INET6, bytes.address.data(),
            text.data(), text.size());
  return absl::StrCat(text.data(), "/", length);
}

absl::Status Wrong(std::string_view word, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(word), "\" ", std::string(what)));
}

// The word with the prefix of one line; empty: the line has none.
absl::StatusOr<std::string_view> PrefixOfLine(std::string_view line) {
  std::string_view rest = line.substr(0, line.find_first_of("#;"));
  std::string_view word = TakeWord(rest);
  if (word == "create") return std::string_view();
  if (word == "add") {
    TakeWord(rest);
    word = TakeWord(rest);
    if (word.empty()) return Wrong(line, "adds nothing");
    for (std::string_view option = TakeWord(rest);
         !option.empty() && option != "comment"; option = TakeWord(rest)) {
      if (option == "nomatch") {
        return Wrong(word,
                     "is an exception to others (nomatch), which a set "
                     "has not: put it into a set that allows");
      }
    }
    return word;
  }
  if (rest.find_first_not_of(kSpaces) != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "more than a prefix: begin what follows it with #");
  }
  return word;
}

}  // namespace

absl::Status PackPrefix(std::string_view word, PackedPrefixes& packed) {
  const std::size_t slash = word.find('/');
  const std::string_view address = word.substr(0, slash);
  Bytes bytes;
  if (!ReadIPv4(address, bytes) && !ReadIPv6(address, bytes)) {
    return Wrong(word, "is no IPv4 or IPv6 address or prefix");
  }
  auto length = static_cast<std::uint8_t>(8 * bytes.size);
  if (slash != std::string_view::npos &&
      !ReadLength(word.substr(slash + 1), 8 * bytes.size, length)) {
    return Wrong(word, absl::StrCat("has no length of 0 to ", 8 * bytes.size,
                                    " bits behind the slash"));
  }
  if (IsMapped(bytes, length)) {
    return Wrong(word,
                 "is an IPv4-mapped address, which no packet has: write it as "
                 "IPv4");
  }
  if (ClearHostBits(length, bytes)) {
    return Wrong(word, absl::StrCat("has host bits set: did you mean ",
                                    ToText(bytes, length), "?"));
  }
  std::string& out =
      bytes.size == 4 ? *packed.mutable_ipv4() : *packed.mutable_ipv6();
  out.append(reinterpret_cast<const char*>(bytes.address.data()), bytes.size);
  out.push_back(static_cast<char>(length));
  return absl::OkStatus();
}

namespace {

// Gathers prefixes, and what to say of those that cannot be read.
class Packer {
 public:
  Packer(const std::string& name, bool skip_invalid)
      : name_(name), skip_invalid_(skip_invalid) {}

  // `unit`: "line", "element". An error ends the list.
  absl::Status Add(const char* unit, std::uint64_t number,
                   const absl::StatusOr<std::string_view>& word) {
    if (list_.parts.empty() ||
        list_.parts.back().ipv4().size() + list_.parts.back().ipv6().size() >
            kPartBytes) {
      list_.parts.emplace_back();
    }
    const absl::Status packed =
        word.ok() ? PackPrefix(*word, list_.parts.back()) : word.status();
    if (packed.ok()) {
      ++list_.count;
      return absl::OkStatus();
    }
    std::string wrong = absl::StrCat(name_, ", ", unit, " ", number, ": ",
                                     std::string(packed.message()));
    if (!skip_invalid_) return absl::InvalidArgumentError(wrong);
    ++list_.skipped;
    if (list_.skipped_lines.size() < kSkippedShown) {
      list_.skipped_lines.push_back(std::move(wrong));
    }
    return absl::OkStatus();
  }

  PackedList Take() && { return std::move(list_); }

 private:
  const std::string& name_;
  const bool skip_invalid_;
  PackedList list_;
};

absl::Status PackLine(std::string_view line, std::uint64_t number,
                      Packer& packer) {
  const std::size_t begin = line.find_first_not_of(kSpaces);
  if (begin != std::string_view::npos && line[begin] == '{') {
    const auto word = PrefixOfJsonLine(line);
    if (word.ok() && word->empty()) return absl::OkStatus();
    return packer.Add(
        "line", number,
        word.ok() ? absl::StatusOr<std::string_view>(*word) : word.status());
  }
  const auto word = PrefixOfLine(line);
  if (word.ok() && word->empty()) return absl::OkStatus();
  return packer.Add("line", number, word);
}

absl::Status PackLines(std::string_view text, Packer& packer) {
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    absl::Status packed = PackLine(line, number, packer);
    if (!packed.ok()) return packed;
  }
  return absl::OkStatus();
}

absl::Status PackNftElements(std::string_view text, const std::string& name,
                             Packer& packer) {
  bool refused = false;
  absl::Status status =
      ForEachNftElement(text, [&](std::uint64_t number, const auto& prefix) {
        absl::Status packed =
            packer.Add("element", number,
                       prefix.ok() ? absl::StatusOr<std::string_view>(*prefix)
                                   : prefix.status());
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
                                    bool skip_invalid) {
  Packer packer(name, skip_invalid);
  absl::Status packed = IsNftDocument(text)
                            ? PackNftElements(text, name, packer)
                            : PackLines(text, packer);
  if (!packed.ok()) return packed;
  return std::move(packer).Take();
}

absl::StatusOr<PackedList> PackFile(const std::string& path,
                                    bool skip_invalid) {
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
    return PackList(text, "standard input", skip_invalid);
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file || !read(file)) return unreadable();
  return PackList(text, path, skip_invalid);
}

}  // namespace fwagent::client
