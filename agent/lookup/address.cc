#include "agent/lookup/address.h"

#include <string>

namespace fwagent::lookup {

template <typename Address>
policy::Prefix PrefixOf(const Key<Address>& key) {
  std::string bytes(kBits<Address> / 8, '\0');
  Address rest = key.address;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    *byte = static_cast<char>(static_cast<std::uint8_t>(rest));
    rest = static_cast<Address>(rest >> 8);
  }
  // Only IPv6 prefixes in the IPv4-mapped block are refused, and no Key is made
  // of one.
  return policy::Prefix::FromBytes(bytes, key.length)
      .value_or(policy::Prefix());
}

template policy::Prefix PrefixOf(const Key<Address4>& key);
template policy::Prefix PrefixOf(const Key<Address6>& key);

}  // namespace fwagent::lookup
