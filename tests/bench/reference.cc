#include "tests/bench/reference.h"

#include <algorithm>

namespace fwagent::bench {

Reference::Reference(std::span<const Rule> rules) {
  StartRange(0, 0);
  std::vector<Rule> open;  // the prefixes that hold the place reached
  const auto close = [&] {
    const Address last = open.back().address | HostMask(open.back().length);
    open.pop_back();
    const std::uint32_t outer = open.empty() ? 0 : open.back().value;
    if (last != ~Address{0}) StartRange(last + 1, outer);
  };
  for (const Rule& rule : rules) {
    while (!open.empty() && !open.back().Contains(rule.address)) close();
    StartRange(rule.address, rule.value);
    open.push_back(rule);
  }
  while (!open.empty()) close();
}

void Reference::StartRange(Address first, std::uint32_t value) {
  if (!starts_.empty() && starts_.back() == first) {
    values_.back() = value;
    return;
  }
  starts_.push_back(first);
  values_.push_back(value);
}

std::uint32_t Reference::ValueOf(Address address) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), address);
  return values_[static_cast<std::size_t>(after - starts_.begin()) - 1];
}

}  // namespace fwagent::bench
