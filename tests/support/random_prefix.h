// Prefixes around addresses that frames have.
#ifndef FWAGENT_TESTS_SUPPORT_RANDOM_PREFIX_H_
#define FWAGENT_TESTS_SUPPORT_RANDOM_PREFIX_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/policy/prefix.h"
#include "tests/support/dice.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// Long ones mostly: few frames are left where a short one is blocked. Nothing
// where there is no such prefix: of IPv4 addresses in IPv6.
inline std::optional<policy::Prefix> PrefixAround(Dice& dice, Bytes address) {
  const std::uint64_t bits = address.size() * 8;
  std::uint64_t length = bits;
  if (!dice.OneIn(3)) {
    length =
        dice.OneIn(8) ? dice.Below(bits + 1) : dice.Between(bits / 2, bits);
  }
  for (std::uint64_t i = length; i < bits; ++i) {
    address[i / 8] &= static_cast<std::uint8_t>(~(0x80u >> i % 8));
  }
  const auto prefix = policy::Prefix::FromBytes(
      std::string_view(reinterpret_cast<const char*>(address.data()),
                       address.size()),
      static_cast<std::uint32_t>(length));
  if (!prefix.ok()) return std::nullopt;
  return *prefix;
}

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_RANDOM_PREFIX_H_
