// Addresses as numbers: what the tables compute with.
#ifndef FWAGENT_AGENT_LOOKUP_ADDRESS_H_
#define FWAGENT_AGENT_LOOKUP_ADDRESS_H_

#include <compare>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "agent/policy/prefix.h"
#include "bpf/fw_abi.h"

namespace fwagent::lookup {

using Address4 = std::uint32_t;
using Address6 = absl::uint128;

template <typename Address>
struct AddressTraits;

template <>
struct AddressTraits<Address4> {
  static constexpr policy::Family kFamily = policy::Family::kIPv4;
  static constexpr int kBits = 32;
};

template <>
struct AddressTraits<Address6> {
  static constexpr policy::Family kFamily = policy::Family::kIPv6;
  static constexpr int kBits = 128;
};

template <typename Address>
inline constexpr int kBits = AddressTraits<Address>::kBits;
template <typename Address>
inline constexpr policy::Family kFamily = AddressTraits<Address>::kFamily;

// The address with all but its first `length` bits zero.
template <typename Address>
Address Truncate(Address address, int length) {
  if (length == 0) return Address{0};
  const int rest = kBits<Address> - length;
  return static_cast<Address>(address >> rest << rest);
}

// The first 32 bits.
inline std::uint32_t Top32(Address4 address) { return address; }
inline std::uint32_t Top32(Address6 address) {
  return static_cast<std::uint32_t>(absl::Uint128High64(address) >> 32);
}

// The address that begins with these 32 bits and goes on with zeros.
template <typename Address>
Address FromTop32(std::uint32_t top) {
  return static_cast<Address>(static_cast<Address>(top)
                              << (kBits<Address> - 32));
}

// A prefix as a number: in order, every prefix comes before what it holds, and
// what it holds comes before everything else.
template <typename Address>
struct Key {
  Address address{};
  std::uint8_t length = 0;

  auto operator<=>(const Key& other) const {
    if (address != other.address) {
      return address < other.address ? std::strong_ordering::less
                                     : std::strong_ordering::greater;
    }
    return length <=> other.length;
  }
  bool operator==(const Key& other) const = default;

  bool Holds(const Key& other) const {
    return length <= other.length && Truncate(other.address, length) == address;
  }
  // The last address in it.
  Address Last() const {
    return length == 0
               ? static_cast<Address>(~Address{0})
               : static_cast<Address>(
                     address |
                     (static_cast<Address>(~Address{0}) >> (length - 1) >> 1));
  }
};

template <typename Address>
Key<Address> KeyOf(const policy::Prefix& prefix) {
  Address address{0};
  for (int i = 0; i < kBits<Address> / 8; ++i) {
    address = static_cast<Address>(
        address << 8 | prefix.address()[static_cast<std::size_t>(i)]);
  }
  return {address, prefix.length()};
}

// The reverse.
template <typename Address>
policy::Prefix PrefixOf(const Key<Address>& key);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_ADDRESS_H_
