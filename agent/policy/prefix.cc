// A prefix from text or bytes, and back to text. Most of this file is about
// telling the user what was meant.
#include "agent/policy/prefix.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fwagent::policy {
namespace {

using Address = std::array<std::uint8_t, 16>;

constexpr std::size_t kIPv4Bytes = 4;
constexpr std::size_t kIPv6Bytes = 16;
constexpr int kMappedBits = 96;  // of ::ffff:0:0/96, RFC 4291 section 2.5.5.2

std::size_t AddressBytes(Family family) {
  return family == Family::kIPv4 ? kIPv4Bytes : kIPv6Bytes;
}

const char* FamilyName(Family family) {
  return family == Family::kIPv4 ? "IPv4" : "IPv6";
}

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// Quoted user input that is safe to print: short, printable ASCII only.
std::string Echo(std::string_view text) {
  constexpr std::size_t kMaxEcho = 64;
  std::string echo(text.substr(0, kMaxEcho));
  for (char& c : echo) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return absl::StrCat("\"", echo, text.size() > kMaxEcho ? "…" : "", "\"");
}

bool HasBlankOrControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isspace(c) || absl::ascii_iscntrl(c);
  });
}

// A dotted number that starts with a zero; some programs read it as octal.
bool HasLeadingZero(std::string_view text) {
  bool at_start = true;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (at_start && text[i] == '0' && text[i + 1] != '.') return true;
    at_start = text[i] == '.';
  }
  return false;
}

bool ConsistsOf(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

// Why a text is no address.
absl::Status MalformedAddress(std::string_view text) {
  if (text.find('%') != std::string_view::npos) {
    return Invalid(Echo(text),
                   " has a zone id: a rule holds on every guarded interface, "
                   "leave out the \"%\" and what follows it");
  }
  if (ConsistsOf(text, "0123456789.")) {
    if (HasLeadingZero(text)) {
      return Invalid(Echo(text),
                     " has a number with a leading zero, which some programs "
                     "read as octal: write it without");
    }
    return Invalid(Echo(text),
                   " is not an IPv4 address: four numbers from 0 to 255 with "
                   "dots between them are needed, such as 192.0.2.1");
  }
  if (text.find(':') != std::string_view::npos) {
    return Invalid(Echo(text),
                   " is not an IPv6 address: write it without brackets, port "
                   "or scheme, such as 2001:db8::1");
  }
  return Invalid(Echo(text),
                 " is not an address, and names are not looked up: give the "
                 "IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1");
}

absl::StatusOr<std::pair<Family, Address>> ParseAddress(std::string_view text) {
  Address address{};
  const Family family =
      text.find(':') == std::string_view::npos ? Family::kIPv4 : Family::kIPv6;
  const int af = family == Family::kIPv4 ? AF_INET : AF_INET6;
  if (inet_pton(af, std::string(text).c_str(), address.data()) != 1) {
    return MalformedAddress(text);
  }
  return std::make_pair(family, address);
}

absl::StatusOr<std::uint32_t> ParseLength(std::string_view text) {
  std::uint32_t length = 0;
  const bool digits = !text.empty() && ConsistsOf(text, "0123456789");
  if (digits && text.size() > 1 && text.front() == '0') {
    return Invalid("the prefix length ", Echo(text),
                   " has a leading zero: write it without");
  }
  if (!digits ||
      !absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &length)) {
    return Invalid("the prefix length ", Echo(text),
                   " is not a number of bits: write 192.0.2.0/24, or leave out "
                   "the slash for a single host");
  }
  return length;
}

// With every bit past the length zero.
Address Masked(Address address, std::uint32_t length) {
  for (std::size_t i = 0; i < address.size(); ++i) {
    const std::size_t kept = length > 8 * i ? length - 8 * i : 0;
    if (kept < 8) {
      address[i] = static_cast<std::uint8_t>(address[i] & ~(0xff >> kept));
    }
  }
  return address;
}

std::string AddressToString(Family family, const Address& address) {
  char text[INET6_ADDRSTRLEN];
  const int af = family == Family::kIPv4 ? AF_INET : AF_INET6;
  return inet_ntop(af, address.data(), text, sizeof(text));
}

std::string PrefixToString(Family family, const Address& address,
                           std::uint32_t length) {
  return absl::StrCat(AddressToString(family, address), "/", length);
}

// The IPv4 address inside an IPv4-mapped one.
std::optional<Address> MappedIPv4(Family family, const Address& address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                                    0, 0, 0, 0, 0xff, 0xff};
  if (family != Family::kIPv6 ||
      !std::equal(kMapped.begin(), kMapped.end(), address.begin())) {
    return std::nullopt;
  }
  Address inner{};
  std::copy(address.begin() + kMapped.size(), address.end(), inner.begin());
  return inner;
}

// What may have been meant by an address and a length: the prefix, and the
// host if host bits are set.
std::string Suggestion(Family family, const Address& address,
                       std::uint32_t length) {
  const Address network = Masked(address, length);
  std::string text = PrefixToString(family, network, length);
  if (network == address) return text;
  const std::optional<Address> inner = MappedIPv4(family, address);
  const Family host_family = inner ? Family::kIPv4 : family;
  absl::StrAppend(
      &text, ", or the single host ",
      PrefixToString(host_family, inner.value_or(address),
                     static_cast<std::uint32_t>(AddressBits(host_family))));
  return text;
}

// OK if these make a canonical prefix.
absl::Status CheckPrefix(Family family, const Address& address,
                         std::uint32_t length) {
  const auto bits = static_cast<std::uint32_t>(AddressBits(family));
  if (length > bits) {
    return Invalid("an ", FamilyName(family), " prefix has a length of 0 to ",
                   bits, " bits, not ", length);
  }
  const std::optional<Address> inner = MappedIPv4(family, address);
  if (inner && length >= kMappedBits) {
    return Invalid(
        "an IPv4-mapped IPv6 address never matches a packet: give the IPv4 "
        "form, ",
        Suggestion(Family::kIPv4, *inner, length - kMappedBits));
  }
  if (Masked(address, length) != address) {
    return Invalid("host bits are set: did you mean ",
                   Suggestion(family, address, length), "?");
  }
  return absl::OkStatus();
}

}  // namespace

int AddressBits(Family family) {
  return static_cast<int>(8 * AddressBytes(family));
}

absl::StatusOr<Prefix> Prefix::Parse(std::string_view text) {
  if (text.empty()) {
    return Invalid(
        "the address is empty: give an IPv4 or IPv6 address or prefix, such "
        "as 192.0.2.1 or 2001:db8::/32");
  }
  if (HasBlankOrControl(text)) {
    return Invalid(Echo(text),
                   " has white space or control characters in it: remove them");
  }
  const std::size_t slash = text.find('/');
  const auto parsed = ParseAddress(text.substr(0, slash));
  if (!parsed.ok()) return parsed.status();
  const auto& [family, address] = *parsed;

  auto length = static_cast<std::uint32_t>(AddressBits(family));
  if (slash != std::string_view::npos) {
    const auto given = ParseLength(text.substr(slash + 1));
    if (!given.ok()) return given.status();
    length = *given;
  }
  const absl::Status status = CheckPrefix(family, address, length);
  if (!status.ok()) return status;
  return Prefix(family, static_cast<std::uint8_t>(length), address);
}

absl::StatusOr<Prefix> Prefix::FromBytes(std::string_view bytes,
                                         std::uint32_t length) {
  if (bytes.size() != kIPv4Bytes && bytes.size() != kIPv6Bytes) {
    return Invalid("an address has 4 bytes (IPv4) or 16 bytes (IPv6), not ",
                   bytes.size());
  }
  const Family family =
      bytes.size() == kIPv4Bytes ? Family::kIPv4 : Family::kIPv6;
  Address address{};
  std::copy(bytes.begin(), bytes.end(), address.begin());
  const absl::Status status = CheckPrefix(family, address, length);
  if (!status.ok()) return status;
  return Prefix(family, static_cast<std::uint8_t>(length), address);
}

Prefix Prefix::Shortened(std::uint8_t length) const {
  return {family_, length, Masked(address_, length)};
}

std::string Prefix::ToString() const {
  return PrefixToString(family_, address_, length_);
}

}  // namespace fwagent::policy
