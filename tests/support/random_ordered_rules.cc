#include "tests/support/random_ordered_rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/support/random_frames.h"
#include "tests/support/random_prefix.h"

namespace fwagent::testing {
namespace {

using policy::Action;
using policy::OrderedRule;

constexpr std::uint64_t kMostAtOnce = 5;
constexpr std::uint64_t kMostRules = 8;
// Rules may also name one that is not there.
constexpr std::array<const char*, 3> kSets = {"a", "b", "c"};
constexpr std::array<const char*, 5> kInterfaces = {"eth0", "eth1", "veth7",
                                                    "lo", "wlan0"};
// How many conditions there are, of which each rule has some.
constexpr std::uint64_t kConditions = 11;

std::string Negated(Dice& dice, const std::string& list) {
  return absl::StrCat(dice.OneIn(4) ? "!" : "", list);
}

// One to three, mostly one.
template <typename MakeOne>
std::string List(Dice& dice, const MakeOne& make_one) {
  std::vector<std::string> elements;
  const std::uint64_t count = dice.OneIn(2) ? 1 : dice.Between(2, 3);
  while (elements.size() < count) elements.push_back(make_one());
  return Negated(dice, absl::StrJoin(elements, ","));
}

template <typename Texts>
std::string ListOf(Dice& dice, const Texts& texts) {
  return List(dice, [&] { return std::string(dice.Of(texts)); });
}

template <typename Places>
policy::Prefix PrefixIn(Dice& dice, const Places& places) {
  const auto& place = dice.Of(places);
  return PrefixAround(dice, Bytes(place.begin(), place.end()))
      .value_or(policy::Prefix());
}

policy::Prefix RandomPrefix(Dice& dice) {
  if (dice.OneIn(2)) return PrefixIn(dice, kFrameSources6);
  return dice.OneIn(4) ? PrefixIn(dice, kFrameDestinations4)
                       : PrefixIn(dice, kFrameSources4);
}

std::string Addresses(Dice& dice) {
  if (dice.OneIn(20)) return "any";
  return List(dice, [&]() -> std::string {
    if (dice.OneIn(12)) return "@missing";
    if (dice.OneIn(3)) return absl::StrCat("@", dice.Of(kSets));
    return RandomPrefix(dice).ToString();
  });
}

// Numbers and ranges around some that `make_middle` says.
template <typename MakeMiddle>
std::string Values(Dice& dice, std::uint64_t last,
                   const MakeMiddle& make_middle) {
  return List(dice, [&] {
    const std::uint64_t middle = make_middle();
    if (dice.OneIn(3)) return absl::StrCat(middle);
    const std::uint64_t below =
        dice.Below(std::min<std::uint64_t>(middle, 2) + 1);
    const std::uint64_t above = dice.Below(dice.OneIn(2) ? 3 : 300);
    return absl::StrCat(middle - below, "-", std::min(middle + above, last));
  });
}

std::string Ports(Dice& dice) {
  return Values(dice, 65535, [&] { return dice.Of(kFramePorts); });
}

template <typename Texts>
std::string IcmpTypes(Dice& dice, const Texts& names) {
  if (dice.OneIn(8)) return "any";
  return List(dice, [&]() -> std::string {
    if (dice.OneIn(4)) return dice.Of(names);
    const std::uint64_t type = dice.Of(kFrameIcmpTypes);
    if (dice.OneIn(2)) return absl::StrCat(type);
    return absl::StrCat(type, "/", dice.Of(kFrameIcmpCodes));
  });
}

std::string Condition4Or6(Dice& dice, bool v6) {
  constexpr std::array<const char*, 5> kNames4 = {
      "echo-reply", "destination-unreachable", "redirect", "time-exceeded",
      "parameter-problem"};
  constexpr std::array<const char*, 5> kNames6 = {
      "destination-unreachable", "packet-too-big", "time-exceeded",
      "echo-request", "router-advertisement"};
  return v6 ? absl::StrCat("icmpv6 ", IcmpTypes(dice, kNames6))
            : absl::StrCat("icmp ", IcmpTypes(dice, kNames4));
}

std::string ConditionText(Dice& dice, std::uint64_t kind) {
  constexpr std::array<const char*, 10> kProtocols = {
      "tcp",  "udp",     "icmp", "icmpv6", "sctp",
      "dccp", "udplite", "47",   "6",      "esp"};
  constexpr std::array<const char*, 6> kFlags = {"S/SA",  "A/A", "/FSRPAUEW",
                                                 "SA/SA", "R/R", "/SAFR"};
  constexpr std::array<const char*, 8> kNames = {
      "eth0", "eth1", "eth*", "?eth7", "*0", "*", "lo", "w?*"};
  switch (kind) {
    case 0:
      return "from " + Addresses(dice);
    case 1:
      return "to " + Addresses(dice);
    case 2:
      return "proto " + ListOf(dice, kProtocols);
    case 3:
      return "sport " + Ports(dice);
    case 4:
      return "dport " + Ports(dice);
    case 5:
      return "length " + Values(dice, 65535, [&] { return dice.Below(400); });
    case 6:
      return "vlan " + Values(dice, 4095, [&] { return dice.Below(4096); });
    case 7:
      return "flags " + ListOf(dice, kFlags);
    case 8:
      return Condition4Or6(dice, false);
    case 9:
      return Condition4Or6(dice, true);
    default:
      return "iface " + ListOf(dice, kNames);
  }
}

Action RandomAction(Dice& dice) {
  constexpr std::array kActions = {Action::kDrop, Action::kPass,
                                   Action::kReject, Action::kLimit,
                                   Action::kLimit};
  return dice.Of(kActions);
}

void AddRule(Dice& dice, policy::RuleId& last_id,
             std::vector<OrderedRule>& rules) {
  const Action action = RandomAction(dice);
  std::string text = RandomConditions(dice);
  if (action == Action::kLimit) absl::StrAppend(&text, " ", RandomLimit(dice));
  if (dice.OneIn(8)) absl::StrAppend(&text, " shadow");
  const auto order = static_cast<std::uint32_t>(
      dice.OneIn(2) ? policy::kDefaultOrder : dice.Between(998, 1002));
  // Conditions that go together with nothing are refused.
  auto match = policy::PacketMatch::Parse(text, order);
  if (!match.ok()) return;
  const bool is_there =
      std::any_of(rules.begin(), rules.end(), [&](const OrderedRule& rule) {
        return rule.match == *match && rule.action == action;
      });
  if (is_there) return;
  rules.push_back(
      {.id = ++last_id, .match = *std::move(match), .action = action});
}

void AddRules(Dice& dice, policy::RuleId& last_id,
              std::vector<OrderedRule>& rules) {
  for (std::uint64_t i = dice.Between(1, kMostAtOnce); i > 0; --i) {
    AddRule(dice, last_id, rules);
  }
}

void RemoveRules(Dice& dice, std::size_t most,
                 std::vector<OrderedRule>& rules) {
  while (rules.size() > most) {
    const auto at = static_cast<std::ptrdiff_t>(dice.Below(rules.size()));
    rules.erase(rules.begin() + at);
  }
}

void ChangeSet(Dice& dice, policy::OrderedRules& ordered) {
  std::vector<policy::Prefix>& set = ordered.sets[dice.Of(kSets)];
  set.clear();
  for (std::uint64_t i = dice.Below(4); i > 0; --i) {
    const policy::Prefix prefix = RandomPrefix(dice);
    const bool is_there =
        std::find(set.begin(), set.end(), prefix) != set.end();
    if (!is_there) set.push_back(prefix);
  }
}

}  // namespace

std::string RandomConditions(Dice& dice) {
  std::vector<std::string> conditions;
  for (std::uint64_t kind = 0; kind < kConditions; ++kind) {
    if (dice.OneIn(6)) conditions.push_back(ConditionText(dice, kind));
  }
  return absl::StrJoin(conditions, " ");
}

std::string RandomLimit(Dice& dice) {
  constexpr std::array<const char*, 4> kPacketRates = {"1/day", "3/day",
                                                       "1/hour", "5/hour"};
  // 64 bytes a second are the least.
  constexpr std::array<const char*, 4> kByteRates = {
      "64bytes/second", "100bytes/second", "3840bytes/minute",
      "230400bytes/hour"};
  constexpr std::array<const char*, 4> kScopes = {
      "", " per rule", " per source", " per network"};
  const bool of_bytes = dice.OneIn(3);
  std::string text = absl::StrCat(
      "rate ", of_bytes ? dice.Of(kByteRates) : dice.Of(kPacketRates));
  if (!dice.OneIn(6)) {
    absl::StrAppend(&text, " burst ",
                    of_bytes ? dice.Between(1500, 20'000) : dice.Between(1, 30),
                    of_bytes ? "bytes" : "");
  }
  absl::StrAppend(&text, dice.Of(kScopes), dice.OneIn(4) ? " block 2h" : "");
  return text;
}

void ChangeOrderedAtRandom(Dice& dice, policy::RuleId& last_id,
                           ReferenceRules& rules) {
  std::vector<OrderedRule>& ordered = rules.ordered.rules;
  if (ordered.empty()) {
    if (dice.OneIn(2)) AddRules(dice, last_id, ordered);
    return;
  }
  switch (dice.Below(7)) {
    case 0:
      ordered.clear();
      break;
    case 1:
      ordered.clear();
      AddRules(dice, last_id, ordered);
      break;
    case 2:
      ChangeSet(dice, rules.ordered);
      break;
    case 3:
      rules.interface = dice.Of(kInterfaces);
      break;
    case 4:
      RemoveRules(dice, ordered.size() / 2, ordered);
      break;
    default:
      // What was there goes on.
      AddRules(dice, last_id, ordered);
      break;
  }
  RemoveRules(dice, kMostRules, ordered);
}

}  // namespace fwagent::testing
