#include "agent/policy/named_values.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/util/name_pattern.h"

namespace fwagent::policy {
namespace {

using Named = std::pair<absl::string_view, std::uint32_t>;

constexpr std::array<Named, 15> kProtocolNames = {{{"icmp", 1},
                                                   {"igmp", 2},
                                                   {"ipip", 4},
                                                   {"tcp", 6},
                                                   {"udp", 17},
                                                   {"dccp", 33},
                                                   {"ipv6", 41},
                                                   {"gre", 47},
                                                   {"esp", 50},
                                                   {"ah", 51},
                                                   {"icmpv6", 58},
                                                   {"ospf", 89},
                                                   {"vrrp", 112},
                                                   {"sctp", 132},
                                                   {"udplite", 136}}};

constexpr std::array<Named, 9> kIcmpTypes = {{{"echo-reply", 0},
                                              {"destination-unreachable", 3},
                                              {"redirect", 5},
                                              {"echo-request", 8},
                                              {"router-advertisement", 9},
                                              {"router-solicitation", 10},
                                              {"time-exceeded", 11},
                                              {"parameter-problem", 12},
                                              {"timestamp-request", 13}}};

constexpr std::array<Named, 12> kIcmpv6Types = {
    {{"destination-unreachable", 1},
     {"packet-too-big", 2},
     {"time-exceeded", 3},
     {"parameter-problem", 4},
     {"echo-request", 128},
     {"echo-reply", 129},
     {"router-solicitation", 133},
     {"router-advertisement", 134},
     {"neighbour-solicitation", 135},
     {"neighbour-advertisement", 136},
     {"neighbor-solicitation", 135},
     {"neighbor-advertisement", 136}}};

template <typename Names>
std::optional<std::uint32_t> Find(const Names& names, absl::string_view name) {
  const auto found =
      std::find_if(names.begin(), names.end(),
                   [name](const Named& named) { return named.first == name; });
  if (found == names.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::optional<std::uint32_t> ProtocolNumber(absl::string_view name) {
  return Find(kProtocolNames, name);
}

std::optional<std::uint32_t> IcmpType(absl::string_view name, bool v6) {
  return v6 ? Find(kIcmpv6Types, name) : Find(kIcmpTypes, name);
}

std::string ProtocolsText(const ValueSet& protocols) {
  std::vector<std::string> names;
  for (const ValueRange& range : protocols.ranges) {
    for (std::uint32_t number = range.first; number <= range.last; ++number) {
      const auto named = std::find_if(
          kProtocolNames.begin(), kProtocolNames.end(),
          [number](const Named& one) { return one.second == number; });
      names.push_back(named == kProtocolNames.end()
                          ? absl::StrCat(number)
                          : std::string(named->first));
    }
  }
  return absl::StrCat(protocols.negated ? "!" : "", absl::StrJoin(names, ","));
}

std::string IcmpText(const ValueSet& values) {
  if (values == ValueSet{.ranges = {{0, 0xffff}}}) return "any";
  std::vector<std::string> types;
  for (const ValueRange& range : values.ranges) {
    for (std::uint32_t value = range.first; value <= range.last;) {
      const bool whole = (value & 0xff) == 0 && value + 0xff <= range.last;
      types.push_back(whole ? absl::StrCat(value >> 8)
                            : absl::StrCat(value >> 8, "/", value & 0xff));
      value += whole ? 0x100 : 1;
    }
  }
  return absl::StrCat(values.negated ? "!" : "", absl::StrJoin(types, ","));
}

bool IsInterfaceWord(absl::string_view word) {
  return word != "any" && util::IsNameOrPattern(std::string(word));
}

}  // namespace fwagent::policy
