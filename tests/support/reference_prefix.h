// Whether a prefix holds an address, bit by bit.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_PREFIX_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_PREFIX_H_

#include <cstddef>

#include "agent/policy/prefix.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// `address` has 4 or 16 bytes, in network byte order.
inline bool Holds(const policy::Prefix& prefix, const Bytes& address) {
  if (address.size() != (prefix.family() == policy::Family::kIPv4 ? 4u : 16u)) {
    return false;
  }
  for (std::size_t bit = 0; bit < prefix.length(); ++bit) {
    const unsigned mask = 0x80u >> bit % 8;
    if ((prefix.address()[bit / 8] & mask) != (address[bit / 8] & mask)) {
      return false;
    }
  }
  return true;
}

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_PREFIX_H_
