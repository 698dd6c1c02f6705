#include "agent/dataplane/failsafe_image.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace fwagent::dataplane {
namespace {

// Eight bytes of an address, the first one in the highest place.
std::uint64_t HalfOf(const std::array<std::uint8_t, 16>& address,
                     std::size_t first) {
  std::uint64_t half = 0;
  for (std::size_t i = first; i < first + 8; ++i) half = half << 8 | address[i];
  return half;
}

// The highest bits, at most 64 of them.
std::uint64_t MaskOf(int bits) {
  if (bits <= 0) return 0;
  return bits >= 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << (64 - bits);
}

}  // namespace

fw_failsafe_entry FailsafeImage(const policy::FailsafeEntry& entry) {
  const policy::Prefix& sources = entry.sources;
  fw_failsafe_entry image{};
  image.high = HalfOf(sources.address(), 0);
  image.low = HalfOf(sources.address(), 8);
  image.high_mask = MaskOf(sources.length());
  image.low_mask = MaskOf(sources.length() - 64);
  image.version = sources.family() == policy::Family::kIPv4 ? 4 : 6;
  image.protocol = FW_PORT_PROTOCOLS;
  if (entry.ports.has_value()) {
    image.protocol = static_cast<std::uint32_t>(entry.ports->protocol());
    image.first_port = entry.ports->first();
    image.last_port = entry.ports->last();
  }
  return image;
}

}  // namespace fwagent::dataplane
