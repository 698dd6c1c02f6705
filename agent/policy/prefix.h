// Address prefixes: the form in which rules, store and data plane speak of
// addresses.
#ifndef FWAGENT_AGENT_POLICY_PREFIX_H_
#define FWAGENT_AGENT_POLICY_PREFIX_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fwagent::policy {

enum class Family : std::uint8_t { kIPv4 = 0, kIPv6 = 1 };

inline constexpr int kFamilies = 2;

// 32 or 128.
int AddressBits(Family family);

// A canonical prefix: host bits are zero, bytes past the address are zero, and
// no IPv6 prefix lies inside the IPv4-mapped block. Equality is identity.
class Prefix {
 public:
  // 0.0.0.0/0.
  Prefix() = default;

  // Reads "192.0.2.1", "192.0.2.0/24", "2001:db8::/32"; no length means a host.
  // INVALID_ARGUMENT says what is wrong and, where it can be guessed, what was
  // meant.
  static absl::StatusOr<Prefix> Parse(std::string_view text);

  // From 4 or 16 bytes in network byte order and a length in bits; the same
  // errors as Parse.
  static absl::StatusOr<Prefix> FromBytes(std::string_view address,
                                          std::uint32_t length);

  Family family() const { return family_; }
  std::uint8_t length() const { return length_; }
  // Network byte order; for IPv4 the first four bytes, the rest zero.
  const std::array<std::uint8_t, 16>& address() const { return address_; }

  // The prefix of so many bits, at most its own, that holds this one.
  Prefix Shortened(std::uint8_t length) const;

  // "192.0.2.0/24"; hosts with their length: "192.0.2.1/32".
  std::string ToString() const;

  auto operator<=>(const Prefix&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const Prefix& p) {
    return H::combine(std::move(h), p.family_, p.length_, p.address_);
  }

 private:
  Prefix(Family family, std::uint8_t length,
         const std::array<std::uint8_t, 16>& address)
      : family_(family), length_(length), address_(address) {}

  Family family_ = Family::kIPv4;
  std::uint8_t length_ = 0;
  std::array<std::uint8_t, 16> address_{};
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PREFIX_H_
