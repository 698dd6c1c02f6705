#include "tests/support/random_filter_rules.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
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

template <typename Places>
std::string AddressText(Dice& dice, const Places& places) {
  const auto& place = dice.Of(places);
  Bytes address(place.begin(), place.end());
  const std::uint64_t length = RandomLength(dice, address.size() * 8);
  Truncate(address, length);
  const auto prefix = Prefix::FromBytes(
      std::string_view(reinterpret_cast<const char*>(address.data()),
                       address.size()),
      static_cast<std::uint32_t>(length));
  return prefix.ok() ? prefix->ToString() : "192.0.2.1";
}

std::string AddressesText(Dice& dice) {
  std::string text = dice.OneIn(4) ? "!" : "";
  for (std::uint64_t i = dice.Between(1, 3); i > 0; --i) {
    absl::StrAppend(&text,
                    dice.OneIn(2) ? AddressText(dice, kFrameSources4)
                                  : AddressText(dice, kFrameSources6),
                    i > 1 ? "," : "");
  }
  return text;
}

std::string RangeText(Dice& dice, std::uint64_t around, std::uint64_t last) {
  const std::uint64_t first =
      around - dice.Below(std::min<std::uint64_t>(around + 1, 3));
  return absl::StrCat(dice.OneIn(4) ? "!" : "", first, "-",
                      std::min(around + dice.Below(300), last));
}

// One condition; several of one kind are for the caller to avoid.
std::string ConditionText(Dice& dice, std::uint64_t kind) {
  constexpr std::uint64_t kMostLength = 65535;
  constexpr std::uint64_t kMostVlan = 4095;
  constexpr std::array<const char*, 7> kProtocols = {
      "tcp", "udp", "icmp", "icmpv6", "!tcp", "!udp,icmp", "sctp,dccp,47"};
  constexpr std::array<const char*, 5> kFlags = {"S/SA", "!S/SA", "A/A",
                                                 "/FSRPAUEW", "SA/SA,R/R"};
  switch (kind) {
    case 0:
      return "from " + AddressesText(dice);
    case 1:
      return "to " + AddressesText(dice);
    case 2:
      return absl::StrCat("proto ", dice.Of(kProtocols));
    case 3:
      return "sport " + RangeText(dice, dice.Of(kFramePorts), kMostLength);
    case 4:
      return "dport " + RangeText(dice, dice.Of(kFramePorts), kMostLength);
    case 5:
      return "length " + RangeText(dice, dice.Below(400), kMostLength);
    case 6:
      return "vlan " + RangeText(dice, dice.Below(kMostVlan + 1), kMostVlan);
    case 7:
      return absl::StrCat("flags ", dice.Of(kFlags));
    case 8:
      return absl::StrCat("icmp ", dice.OneIn(3) ? "!" : "", dice.Below(20));
    default:
      return absl::StrCat("icmpv6 ", dice.OneIn(3) ? "!" : "",
                          dice.Between(120, 145));
  }
}

constexpr std::uint64_t kConditions = 10;

void AddOrdered(Dice& dice, ReferenceRules& rules) {
  constexpr std::array kActions = {policy::Action::kDrop, policy::Action::kPass,
                                   policy::Action::kReject};
  for (std::uint64_t i = dice.Between(1, 2 * kMostOfAKind); i > 0; --i) {
    std::string text = dice.OneIn(8) ? "shadow" : "";
    for (std::uint64_t kind = 0; kind < kConditions; ++kind) {
      if (dice.OneIn(6)) {
        absl::StrAppend(&text, " ", ConditionText(dice, kind));
      }
    }
    // Some that go together with nothing are refused.
    auto match = policy::PacketMatch::Parse(text, policy::kDefaultOrder);
    if (!match.ok()) continue;
    rules.ordered.push_back({.id = rules.ordered.size() + 1,
                             .match = *std::move(match),
                             .action = dice.Of(kActions)});
  }
}

}  // namespace

void ChangeAtRandom(Dice& dice, const Bytes& protocols, ReferenceRules& rules) {
  if (dice.OneIn(6)) rules = {};
  if (dice.OneIn(3)) {
    rules.ordered.clear();
    if (!dice.OneIn(3)) AddOrdered(dice, rules);
    return;
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
  for (policy::OrderedRule& rule : rules.ordered) rule.until = deadline();
}

}  // namespace fwagent::testing
