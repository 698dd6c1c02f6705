#include "tests/support/reference_essential.h"

#include <cstdint>

namespace fwagent::testing {
namespace {

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp6 = 58;

bool IsIcmpError(std::uint8_t protocol, std::uint8_t type) {
  return protocol == kIcmp ? type == 3 || type == 11 || type == 12
                           : type >= 1 && type <= 4;
}

bool IsOfMulticastListeners(std::uint8_t type) {
  return (type >= 130 && type <= 132) || type == 143;
}

}  // namespace

bool IsEssential(const Essentials& essentials, policy::Family family,
                 const Transport& transport) {
  if (transport.payload.size() < 4) return false;
  const bool is_ipv4 = family == policy::Family::kIPv4;
  const std::uint8_t type = *transport.payload.U8(0);
  if (transport.protocol == kUdp) {
    return essentials.dhcp && *transport.payload.U16(2) == (is_ipv4 ? 68 : 546);
  }
  if (transport.protocol != (is_ipv4 ? kIcmp : kIcmp6)) return false;
  if (IsIcmpError(transport.protocol, type)) return essentials.icmp_errors;
  return !is_ipv4 && IsOfMulticastListeners(type) &&
         essentials.multicast_listeners;
}

}  // namespace fwagent::testing
