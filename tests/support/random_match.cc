#include "tests/support/random_match.h"

#include <algorithm>
#include <array>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/lookup/address.h"

namespace fwagent::testing {
namespace {

using lookup::Address4;
using lookup::Address6;
using lookup::KeyOf;
using policy::AddressCondition;
using policy::Prefix;
using policy::ValueSet;

constexpr std::array<const char*, 3> kSetNames = {"a", "b", "missing"};
constexpr std::uint32_t kIcmp = 1;
constexpr std::uint32_t kTcp = 6;
constexpr std::uint32_t kIcmpv6 = 58;

// Around the borders of a trie's nodes.
std::string RandomHost(Dice& dice, bool v6) {
  if (v6) {
    return absl::StrCat(dice.OneIn(2) ? "2001:" : "2002:", dice.Below(3),
                        ":0:", dice.Below(2), "::", dice.Below(4));
  }
  return absl::StrCat(dice.Between(10, 11), ".", dice.Below(3), ".",
                      dice.Below(3), ".", dice.Below(8));
}

Prefix RandomPrefix(Dice& dice, bool v6) {
  constexpr std::array<int, 10> kLengths4 = {0,  7,  15, 16, 17,
                                             22, 24, 28, 31, 32};
  constexpr std::array<int, 11> kLengths6 = {0,  14,  16,  17,  22, 32,
                                             64, 123, 124, 127, 128};
  const Prefix host = *Prefix::Parse(RandomHost(dice, v6));
  const int length = v6 ? dice.Of(kLengths6) : dice.Of(kLengths4);
  return host.Shortened(static_cast<std::uint8_t>(length));
}

std::string RandomSide(Dice& dice) {
  if (dice.OneIn(8)) return "any";
  std::vector<std::string> elements;
  for (std::uint64_t i = dice.Between(1, 4); i > 0; --i) {
    elements.push_back(dice.OneIn(4)
                           ? absl::StrCat("@", dice.Of(kSetNames))
                           : RandomPrefix(dice, dice.OneIn(3)).ToString());
  }
  return absl::StrCat(dice.OneIn(4) ? "!" : "", absl::StrJoin(elements, ","));
}

// From 0 to `last`, but most of the time no more than a handful.
std::uint64_t RandomValue(Dice& dice, std::uint64_t last) {
  return dice.OneIn(8) ? last - dice.Below(2) : dice.Below(8);
}

std::string RandomValues(Dice& dice, std::uint64_t last) {
  std::vector<std::string> elements;
  for (std::uint64_t i = dice.Between(1, 3); i > 0; --i) {
    const std::uint64_t one = RandomValue(dice, last);
    const std::uint64_t two = RandomValue(dice, last);
    elements.push_back(dice.OneIn(2) ? absl::StrCat(one)
                                     : absl::StrCat(std::min(one, two), "-",
                                                    std::max(one, two)));
  }
  return absl::StrCat(dice.OneIn(4) ? "!" : "", absl::StrJoin(elements, ","));
}

std::string RandomIcmp(Dice& dice) {
  if (dice.OneIn(6)) return "any";
  std::vector<std::string> elements;
  for (std::uint64_t i = dice.Between(1, 3); i > 0; --i) {
    const std::uint64_t type = RandomValue(dice, 255);
    elements.push_back(dice.OneIn(2)
                           ? absl::StrCat(type)
                           : absl::StrCat(type, "/", RandomValue(dice, 255)));
  }
  return absl::StrCat(dice.OneIn(4) ? "!" : "", absl::StrJoin(elements, ","));
}

std::string RandomFlags(Dice& dice) {
  constexpr std::array<const char*, 6> kFlags = {
      "S/SA", "/SAFR", "AS/SA", "W/EW", "FSRPAUEW/FSRPAUEW", "/FSRPAUEW"};
  std::string text = dice.OneIn(4) ? "!" : "";
  absl::StrAppend(&text, dice.Of(kFlags));
  if (dice.OneIn(3)) absl::StrAppend(&text, ",", dice.Of(kFlags));
  return text;
}

// At most one of those that narrow the protocol.
std::string RandomProtocol(Dice& dice) {
  constexpr std::array<const char*, 6> kProtocols = {"tcp", "udp",    "1",
                                                     "255", "icmpv6", "0"};
  switch (dice.Below(6)) {
    case 0:
      return absl::StrCat("icmp ", RandomIcmp(dice));
    case 1:
      return absl::StrCat("icmpv6 ", RandomIcmp(dice));
    case 2:
      return absl::StrCat("flags ", RandomFlags(dice));
    case 3:
      return absl::StrCat("proto ", dice.OneIn(4) ? "!" : "",
                          dice.Of(kProtocols), ",", dice.Of(kProtocols));
    default:
      return "";
  }
}

bool HoldsAddress(const AddressCondition& condition, const SetContents& sets,
                  const Prefix& host) {
  if (condition.empty()) return true;
  const auto holds = [&host](const Prefix& prefix) {
    return prefix.family() == host.family() &&
           host.Shortened(prefix.length()) == prefix;
  };
  bool is_in =
      std::any_of(condition.prefixes.begin(), condition.prefixes.end(), holds);
  for (const std::string& name : condition.sets) {
    const auto set = sets.find(name);
    if (set == sets.end()) continue;
    is_in = is_in || std::any_of(set->second.begin(), set->second.end(), holds);
  }
  return is_in != condition.negated;
}

bool HoldsValue(const ValueSet& values, std::optional<std::uint32_t> value) {
  return values.empty() || (value.has_value() && values.Accepts(*value));
}

void SetAddress(const Prefix& host, __u64* words) {
  if (host.family() == policy::Family::kIPv4) {
    words[0] = std::uint64_t{KeyOf<Address4>(host).address} << 32;
    words[1] = 0;
    return;
  }
  words[0] = absl::Uint128High64(KeyOf<Address6>(host).address);
  words[1] = absl::Uint128Low64(KeyOf<Address6>(host).address);
}

}  // namespace

const std::vector<std::string>& RandomInterfaces() {
  static const auto& kNames =
      *new std::vector<std::string>{"eth0", "", "eth1", "wlan0", "lo"};
  return kNames;
}

std::string RandomMatch(Dice& dice) {
  constexpr std::array<const char*, 5> kNames = {"eth0", "eth*", "wlan0", "lo",
                                                 "?lan0"};
  std::vector<std::string> words;
  const auto add = [&](const char* key, const std::string& value) {
    words.push_back(absl::StrCat(key, " ", value));
  };
  if (dice.OneIn(2)) add("to", RandomSide(dice));
  if (dice.OneIn(2)) add("from", RandomSide(dice));
  words.push_back(RandomProtocol(dice));
  if (dice.OneIn(6)) add("sport", RandomValues(dice, 65535));
  if (dice.OneIn(4)) add("dport", RandomValues(dice, 65535));
  if (dice.OneIn(8)) add("vlan", RandomValues(dice, 4095));
  if (dice.OneIn(8)) add("length", RandomValues(dice, 65535));
  if (dice.OneIn(8)) {
    add("iface", absl::StrCat(dice.OneIn(3) ? "!" : "", dice.Of(kNames), ",",
                              dice.Of(kNames)));
  }
  return absl::StrJoin(words, "  ");
}

SetContents RandomSets(Dice& dice) {
  SetContents sets;
  for (const char* name : {"a", "b"}) {
    for (std::uint64_t i = dice.Below(12); i > 0; --i) {
      sets[name].push_back(RandomPrefix(dice, dice.OneIn(3)));
    }
  }
  return sets;
}

PacketFacts RandomPacket(Dice& dice) {
  constexpr std::array<std::uint8_t, 6> kProtocols = {1, 6, 17, 58, 0, 255};
  const bool v6 = dice.OneIn(3);
  PacketFacts packet;
  packet.source = *Prefix::Parse(RandomHost(dice, v6));
  packet.destination = *Prefix::Parse(RandomHost(dice, v6));
  packet.protocol = dice.Of(kProtocols);
  const auto value = [&dice](std::uint64_t last) {
    return static_cast<std::uint32_t>(RandomValue(dice, last));
  };
  if (packet.protocol == kTcp || packet.protocol == 17) {
    packet.source_port = value(65535);
    packet.destination_port = value(65535);
  }
  if (packet.protocol == kTcp) packet.flags = dice.Byte();
  if (packet.protocol == (v6 ? kIcmpv6 : kIcmp)) {
    packet.icmp = value(255) << 8 | value(255);
  }
  if (dice.OneIn(2)) packet.vlan = value(4095);
  packet.length = value(65535);
  packet.slot = static_cast<std::uint32_t>(
      dice.OneIn(5) ? FW_NO_SLOT : dice.Below(RandomInterfaces().size()));
  if (dice.OneIn(4)) packet.unknown = FW_FIELDS_OF_TRANSPORT;
  return packet;
}

fw_facts FactsOf(const PacketFacts& packet) {
  const bool v6 = packet.source.family() == policy::Family::kIPv6;
  fw_facts facts{};
  facts.family = v6 ? FW_FAMILY_IPV6 : FW_FAMILY_IPV4;
  facts.unknown = packet.unknown;
  SetAddress(packet.source, facts.source);
  SetAddress(packet.destination, facts.destination);
  __u32* const values = facts.values;
  values[FW_FIELD_PROTOCOL] = packet.protocol + (v6 ? FW_PROTOCOLS : 0);
  values[FW_FIELD_SOURCE_PORT] = packet.source_port.value_or(FW_NO_PORT);
  values[FW_FIELD_DESTINATION_PORT] =
      packet.destination_port.value_or(FW_NO_PORT);
  values[FW_FIELD_ICMP] = packet.icmp.has_value()
                              ? *packet.icmp + (v6 ? FW_ICMPV6 : 0)
                              : FW_NO_ICMP;
  values[FW_FIELD_TCP_FLAGS] =
      packet.flags.has_value() ? *packet.flags : FW_NO_FLAGS;
  values[FW_FIELD_VLAN] = packet.vlan.value_or(FW_NO_VLAN);
  values[FW_FIELD_LENGTH] = packet.length;
  values[FW_FIELD_INTERFACE] = packet.slot;
  return facts;
}

bool Holds(const policy::PacketConditions& conditions, const SetContents& sets,
           const PacketFacts& packet) {
  const bool v6 = packet.source.family() == policy::Family::kIPv6;
  const auto is_known = [&packet](fw_rule_field field) {
    return (packet.unknown >> field & 1) == 0;
  };
  if (!HoldsAddress(conditions.source, sets, packet.source) ||
      !HoldsAddress(conditions.destination, sets, packet.destination) ||
      !HoldsValue(conditions.protocols, packet.protocol) ||
      !HoldsValue(conditions.vlans, packet.vlan) ||
      !HoldsValue(conditions.lengths, packet.length)) {
    return false;
  }
  if (!conditions.interfaces.empty()) {
    const auto& names = RandomInterfaces();
    if (packet.slot >= names.size() || names[packet.slot].empty() ||
        !conditions.interfaces.Accepts(names[packet.slot])) {
      return false;
    }
  }
  if (is_known(FW_FIELD_SOURCE_PORT) &&
      !HoldsValue(conditions.source_ports, packet.source_port)) {
    return false;
  }
  if (is_known(FW_FIELD_DESTINATION_PORT) &&
      !HoldsValue(conditions.destination_ports, packet.destination_port)) {
    return false;
  }
  const std::optional<std::uint32_t> none;
  if (is_known(FW_FIELD_ICMP) &&
      (!HoldsValue(conditions.icmp, v6 ? none : packet.icmp) ||
       !HoldsValue(conditions.icmpv6, v6 ? packet.icmp : none))) {
    return false;
  }
  return !is_known(FW_FIELD_TCP_FLAGS) || conditions.tcp_flags.empty() ||
         (packet.flags.has_value() &&
          conditions.tcp_flags.Accepts(*packet.flags));
}

}  // namespace fwagent::testing
