#include "tests/support/random_filter_rules.h"

#include <algorithm>
#include <string_view>

#include "tests/support/random_frames.h"

namespace fwagent::testing {
namespace {

using policy::Family;
using policy::Prefix;
using policy::SourceRule;
using policy::SourceVerdict;

constexpr std::uint64_t kMostOfAKind = 4;

void Truncate(Bytes& address, std::uint64_t length) {
  for (std::uint64_t i = length; i < address.size() * 8; ++i) {
    address[i / 8] &= static_cast<std::uint8_t>(~(0x80u >> i % 8));
  }
}

// Long ones mostly: few frames are left where a short one is blocked.
std::uint64_t RandomLength(Dice& dice, std::uint64_t bits) {
  if (dice.OneIn(3)) return bits;
  return dice.OneIn(8) ? dice.Below(bits + 1) : dice.Between(bits / 2, bits);
}

void AddSource(Dice& dice, Bytes address, ReferenceRules& rules) {
  const std::uint64_t length = RandomLength(dice, address.size() * 8);
  if (dice.OneIn(4)) {
    address[address.size() - 1 - dice.Below(2)] = dice.Byte();
  }
  Truncate(address, length);
  const auto prefix = Prefix::FromBytes(
      std::string_view(reinterpret_cast<const char*>(address.data()),
                       address.size()),
      static_cast<std::uint32_t>(length));
  if (!prefix.ok()) return;
  const bool is_there = std::any_of(
      rules.sources.begin(), rules.sources.end(),
      [&](const SourceRule& rule) { return rule.prefix == *prefix; });
  if (is_there) return;
  rules.sources.push_back({.prefix = *prefix,
                           .id = rules.sources.size() + 1,
                           .verdict = dice.OneIn(4) ? SourceVerdict::kAllow
                                                    : SourceVerdict::kBlock});
}

template <typename Places>
void AddSources(Dice& dice, const Places& places, ReferenceRules& rules) {
  for (std::uint64_t i = dice.Between(1, kMostOfAKind); i > 0; --i) {
    const auto& place = dice.Of(places);
    AddSource(dice, Bytes(place.begin(), place.end()), rules);
  }
}

void AddPorts(Dice& dice, std::uint8_t protocol, ReferenceRules& rules) {
  for (std::uint64_t i = dice.Between(1, kMostOfAKind); i > 0; --i) {
    const int port = dice.Of(kFramePorts);
    const int below = static_cast<int>(dice.Below(3));
    const int above = static_cast<int>(dice.Below(3));
    rules.ports.push_back(
        {.ip_protocol = protocol,
         .first = static_cast<std::uint16_t>(std::max(port - below, 0)),
         .last = static_cast<std::uint16_t>(std::min(port + above, 65535))});
  }
}

}  // namespace

void ChangeAtRandom(Dice& dice, const Bytes& protocols, ReferenceRules& rules) {
  if (dice.OneIn(6)) rules = {};
  if (dice.OneIn(2)) {
    const Family family = dice.OneIn(2) ? Family::kIPv4 : Family::kIPv6;
    std::erase_if(rules.sources, [&](const SourceRule& rule) {
      return rule.prefix.family() == family;
    });
    if (dice.OneIn(2)) return;
    if (family == Family::kIPv4) AddSources(dice, kFrameSources4, rules);
    if (family == Family::kIPv6) AddSources(dice, kFrameSources6, rules);
    return;
  }
  const std::uint8_t protocol = dice.Of(protocols);
  std::erase_if(rules.ports, [&](const ReferenceRules::Ports& ports) {
    return ports.ip_protocol == protocol;
  });
  if (dice.OneIn(2)) AddPorts(dice, protocol, rules);
}

void EndAtRandom(Dice& dice, ReferenceRules& rules) {
  const auto deadline = [&dice]() -> policy::Deadline {
    if (dice.OneIn(2)) return policy::kForever;
    return dice.OneIn(2) ? 1 : policy::kForever - 1;
  };
  for (SourceRule& rule : rules.sources) {
    rule.until = deadline();
    if (rule.verdict == SourceVerdict::kAllow && dice.OneIn(2)) {
      rule.block_until = deadline();
      rule.block_id = rule.id;
    }
  }
  for (ReferenceRules::Ports& ports : rules.ports) ports.until = deadline();
}

}  // namespace fwagent::testing
