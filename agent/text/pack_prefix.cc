#include "agent/text/pack_prefix.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/text/printable.h"

namespace fwagent::text {
namespace {

using fwagent::v1::PackedPrefixes;

// An address in network byte order.
struct Bytes {
  std::array<std::uint8_t, 16> address{};
  std::size_t size = 0;  // 4 or 16
};

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

// Of the last one of `count` prefixes. There are none before the first that has
// one of its own.
void AppendTtl(std::uint32_t ttl_seconds, int count,
               google::protobuf::RepeatedField<std::uint32_t>& ttls) {
  if (ttl_seconds == kAsTheImportSays && ttls.empty()) return;
  ttls.Resize(count - 1, kAsTheImportSays);
  ttls.Add(ttl_seconds);
}

}  // namespace

absl::StatusOr<std::uint32_t> ReadEntryTtl(std::string_view seconds) {
  constexpr std::uint64_t kMost = std::uint64_t{3653} * 24 * 3600;
  const char* const end = seconds.data() + seconds.size();
  std::uint64_t value = 0;
  const auto [next, error] = std::from_chars(seconds.data(), end, value);
  if (error != std::errc() || next != end) {
    return Wrong(seconds, "is no number of seconds");
  }
  if (value > kMost) {
    return Wrong(seconds, "are more seconds than ten years have");
  }
  return value == 0 ? kNeverEnds : static_cast<std::uint32_t>(value);
}

absl::Status PackPrefix(std::string_view word, PackedPrefixes& packed,
                        std::uint32_t ttl_seconds) {
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
  AppendTtl(ttl_seconds, static_cast<int>(out.size() / (bytes.size + 1)),
            bytes.size == 4 ? *packed.mutable_ipv4_ttl_seconds()
                            : *packed.mutable_ipv6_ttl_seconds());
  return absl::OkStatus();
}

}  // namespace fwagent::text
