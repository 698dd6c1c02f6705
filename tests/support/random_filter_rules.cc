#include "tests/support/random_filter_rules.h"

#include <algorithm>
#include <utility>

#include "tests/support/random_frames.h"
#include "tests/support/random_prefix.h"

namespace fwagent::testing {
namespace {

using policy::Family;
using policy::SourceRule;
using policy::SourceVerdict;

constexpr std::uint64_t kMostOfAKind = 4;

void AddSource(Dice& dice, Bytes address, ReferenceRules& rules) {
  if (dice.OneIn(4)) {
    address[address.size() - 1 - dice.Below(2)] = dice.Byte();
  }
  const auto prefix = PrefixAround(dice, std::move(address));
  if (!prefix) return;
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
  if (dice.OneIn(6)) {
    rules.sources.clear();
    rules.ports.clear();
  }
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
  for (policy::OrderedRule& rule : rules.ordered.rules) rule.until = deadline();
}

}  // namespace fwagent::testing
