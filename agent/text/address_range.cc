#include "agent/text/address_range.h"

#include <arpa/inet.h>

#include <array>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "agent/text/printable.h"

namespace fwagent::text {
namespace {

using absl::uint128;

// An address as a number.
struct Number {
  uint128 value = 0;
  int bits = 0;  // 32 or 128; 0: no address
};

Number ToNumber(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  Number number;
  const std::string address(text);
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
    number.bits = 32;
  } else if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
    number.bits = 128;
  }
  for (int i = 0; i < number.bits / 8; ++i) {
    number.value = number.value << 8 | bytes[static_cast<std::size_t>(i)];
  }
  return number;
}

std::string ToText(uint128 value, int bits, int length) {
  std::array<std::uint8_t, 16> bytes{};
  for (int i = bits / 8 - 1; i >= 0; --i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value);
    value >>= 8;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bits == 32 ? AF_INET : AF_INET6, bytes.data(), text.data(),
            text.size());
  return absl::StrCat(text.data(), "/", length);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> PrefixesOfRange(
    std::string_view first, std::string_view last) {
  const Number from = ToNumber(first);
  const Number to = ToNumber(last);
  if (from.bits == 0 || from.bits != to.bits || from.value > to.value) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", Printable(first), "-", Printable(last),
                     "\" is no range of addresses"));
  }
  std::vector<std::string> prefixes;
  for (uint128 at = from.value;;) {
    // As long as the prefix begins here and ends in the range.
    int host_bits = 0;
    while (host_bits < from.bits) {
      const uint128 next_bit = uint128(1) << host_bits;
      if ((at & next_bit) != 0) break;
      if (to.value - at < (next_bit - 1) + next_bit) break;
      ++host_bits;
    }
    prefixes.push_back(ToText(at, from.bits, from.bits - host_bits));
    // 2^128 is no uint128; but then this was all of them.
    if (host_bits == from.bits) break;
    const uint128 behind = at + ((uint128(1) << host_bits) - 1);
    if (behind >= to.value) break;
    at = behind + 1;
  }
  return prefixes;
}

}  // namespace fwagent::text
