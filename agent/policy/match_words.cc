#include "agent/policy/match_words.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "agent/policy/named_set.h"
#include "agent/policy/named_values.h"

namespace fwagent::policy {
namespace {

absl::Status Wrong(absl::string_view what, absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", what, "\" is not ", expected));
}

// Takes the "!" off and cuts the rest.
absl::StatusOr<std::vector<absl::string_view>> Elements(absl::string_view list,
                                                        bool& negated) {
  negated = absl::ConsumePrefix(&list, "!");
  std::vector<absl::string_view> elements = absl::StrSplit(list, ',');
  for (const absl::string_view element : elements) {
    if (element.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", list,
          "\" has an empty element: write the list without spaces and "
          "without a comma at its end"));
    }
  }
  return elements;
}

absl::StatusOr<ValueRange> ReadRange(absl::string_view element,
                                     std::uint32_t last) {
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(element, absl::MaxSplits('-', 1));
  ValueRange range;
  const bool is_range = absl::StrContains(element, '-');
  const auto read = [last](absl::string_view text, std::uint32_t& value) {
    return absl::SimpleAtoi(text, &value) && value <= last;
  };
  if (!read(ends.first, range.first) ||
      !read(is_range ? ends.second : ends.first, range.last)) {
    return Wrong(element, absl::StrCat("a number from 0 to ", last,
                                       ", or a range such as 1-", last));
  }
  if (range.first > range.last) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", element, "\" runs backwards: did you mean ",
                     range.last, "-", range.first, "?"));
  }
  return range;
}

// "8", "3/4", "echo-request".
absl::StatusOr<ValueRange> ReadIcmpElement(absl::string_view element, bool v6) {
  if (const auto type = IcmpType(element, v6)) {
    return ValueRange{*type << 8, *type << 8 | 0xff};
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(element, absl::MaxSplits('/', 1));
  const bool has_code = absl::StrContains(element, '/');
  std::uint32_t type = 0;
  std::uint32_t code = 0;
  if (!absl::SimpleAtoi(parts.first, &type) || type > 255 ||
      (has_code && (!absl::SimpleAtoi(parts.second, &code) || code > 255))) {
    return Wrong(element,
                 "a type, as in 8, a type and a code, as in 3/4, or a name "
                 "such as echo-request");
  }
  return ValueRange{type << 8 | code, type << 8 | (has_code ? code : 0xff)};
}

constexpr absl::string_view kFlagLetters = "FSRPAUEW";

absl::StatusOr<std::uint8_t> ReadFlagLetters(absl::string_view text,
                                             absl::string_view element) {
  std::uint8_t flags = 0;
  for (const char letter : text) {
    const auto bit = kFlagLetters.find(letter);
    if (bit == absl::string_view::npos) {
      return Wrong(element,
                   "such as S/SA: the flags that must be set, a slash, and "
                   "those that are looked at, each one of F, S, R, P, A, U, E "
                   "(ECE) and W (CWR)");
    }
    flags |= static_cast<std::uint8_t>(1U << bit);
  }
  return flags;
}

std::string FlagText(std::uint8_t flags) {
  std::string text;
  for (std::size_t bit = 0; bit < kFlagLetters.size(); ++bit) {
    if ((flags >> bit & 1) != 0) text += kFlagLetters[bit];
  }
  return text;
}

// "10", "10k", "10Mbytes". Takes no more than fits.
bool ReadAmount(absl::string_view text, std::uint64_t& amount, bool& of_bytes) {
  of_bytes = absl::ConsumeSuffix(&text, "bytes");
  if (!of_bytes) absl::ConsumeSuffix(&text, "packets");
  std::uint64_t unit = 1;
  if (absl::ConsumeSuffix(&text, "k")) unit = 1'000;
  if (absl::ConsumeSuffix(&text, "M")) unit = 1'000'000;
  if (absl::ConsumeSuffix(&text, "G")) unit = 1'000'000'000;
  if (!absl::SimpleAtoi(text, &amount)) return false;
  if (amount > std::numeric_limits<std::uint64_t>::max() / unit) return false;
  amount *= unit;
  return true;
}

struct Period {
  absl::string_view name;
  std::uint32_t seconds;
};
constexpr std::array<Period, 4> kPeriods = {
    {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}}};
constexpr std::array<Period, 4> kBlockUnits = {
    {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};
constexpr std::uint32_t kLongestBlock = 7 * 86400;

constexpr std::array<std::pair<absl::string_view, RateLimit::Scope>, 3>
    kScopes = {{{"rule", RateLimit::Scope::kRule},
                {"source", RateLimit::Scope::kSource},
                {"network", RateLimit::Scope::kNetwork}}};

}  // namespace

absl::Status ReadAddresses(absl::string_view list,
                           AddressCondition& condition) {
  const auto elements = Elements(list, condition.negated);
  if (!elements.ok()) return elements.status();
  for (absl::string_view element : *elements) {
    if (absl::ConsumePrefix(&element, "@")) {
      absl::Status valid = ValidateSetName(std::string(element));
      if (!valid.ok()) return valid;
      condition.sets.emplace_back(element);
      continue;
    }
    const auto prefix = Prefix::Parse(std::string(element));
    if (!prefix.ok()) return prefix.status();
    condition.prefixes.push_back(*prefix);
  }
  const auto unique = [](auto& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  };
  unique(condition.prefixes);
  unique(condition.sets);
  return absl::OkStatus();
}

absl::Status ReadValues(absl::string_view list, std::uint32_t last,
                        ValueSet& values) {
  const auto elements = Elements(list, values.negated);
  if (!elements.ok()) return elements.status();
  for (const absl::string_view element : *elements) {
    const auto range = ReadRange(element, last);
    if (!range.ok()) return range.status();
    values.ranges.push_back(*range);
  }
  Normalize(values.ranges);
  return absl::OkStatus();
}

absl::Status ReadProtocols(absl::string_view list, ValueSet& protocols) {
  const auto elements = Elements(list, protocols.negated);
  if (!elements.ok()) return elements.status();
  for (const absl::string_view element : *elements) {
    std::uint32_t number = 0;
    if (const auto named = ProtocolNumber(element)) {
      number = *named;
    } else if (!absl::SimpleAtoi(element, &number) || number > 255) {
      return Wrong(element,
                   "a protocol: a number from 0 to 255, or a name such as "
                   "tcp, udp, icmp, icmpv6, sctp, gre or esp");
    }
    protocols.ranges.push_back({number, number});
  }
  Normalize(protocols.ranges);
  return absl::OkStatus();
}

absl::Status ReadIcmp(absl::string_view list, bool v6, ValueSet& values) {
  if (list == "any") {
    values.ranges = {{0, 0xffff}};
    return absl::OkStatus();
  }
  const auto elements = Elements(list, values.negated);
  if (!elements.ok()) return elements.status();
  for (const absl::string_view element : *elements) {
    const auto range = ReadIcmpElement(element, v6);
    if (!range.ok()) return range.status();
    values.ranges.push_back(*range);
  }
  Normalize(values.ranges);
  return absl::OkStatus();
}

absl::Status ReadFlags(absl::string_view list, FlagsCondition& condition) {
  const auto elements = Elements(list, condition.negated);
  if (!elements.ok()) return elements.status();
  for (const absl::string_view element : *elements) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(element, absl::MaxSplits('/', 1));
    const auto value = ReadFlagLetters(parts.first, element);
    if (!value.ok()) return value.status();
    const auto mask = ReadFlagLetters(parts.second, element);
    if (!mask.ok()) return mask.status();
    if (*mask == 0) return ReadFlagLetters("?", element).status();
    if ((*value & ~*mask) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", element,
                       "\" can never match: it wants flags set that it does "
                       "not look at, behind the slash"));
    }
    condition.pairs.push_back({*value, *mask});
  }
  std::sort(condition.pairs.begin(), condition.pairs.end());
  condition.pairs.erase(
      std::unique(condition.pairs.begin(), condition.pairs.end()),
      condition.pairs.end());
  return absl::OkStatus();
}

absl::Status ReadNames(absl::string_view list, NamesCondition& condition) {
  const auto elements = Elements(list, condition.negated);
  if (!elements.ok()) return elements.status();
  for (const absl::string_view element : *elements) {
    if (!IsInterfaceWord(element)) {
      return Wrong(element,
                   "the name of an interface, or a pattern such as eth*");
    }
    condition.names.emplace_back(element);
  }
  std::sort(condition.names.begin(), condition.names.end());
  condition.names.erase(
      std::unique(condition.names.begin(), condition.names.end()),
      condition.names.end());
  return absl::OkStatus();
}

absl::Status ReadRate(absl::string_view text, RateLimit& limit) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('/', 1));
  const auto period = std::find_if(
      kPeriods.begin(), kPeriods.end(),
      [&](const Period& known) { return known.name == parts.second; });
  if (period == kPeriods.end() ||
      !ReadAmount(parts.first, limit.amount, limit.of_bytes)) {
    return Wrong(text,
                 "a rate such as 100/second, 5/minute or 10Mbytes/second");
  }
  if (limit.amount == 0) {
    return absl::InvalidArgumentError(
        "a rate of 0 lets nothing through: use drop in the place of limit");
  }
  limit.seconds = period->seconds;
  return absl::OkStatus();
}

absl::Status ReadBurst(absl::string_view text, RateLimit& limit) {
  bool of_bytes = false;
  if (!ReadAmount(text, limit.burst, of_bytes) || limit.burst == 0) {
    return Wrong(text, "a burst such as 500 or, of bytes, 64kbytes");
  }
  if (of_bytes && !limit.of_bytes) {
    return absl::InvalidArgumentError(
        "the rate is of packets and the burst of bytes: give both alike");
  }
  if (limit.of_bytes && absl::EndsWith(text, "packets")) {
    return absl::InvalidArgumentError(
        "the rate is of bytes and the burst of packets: give both alike");
  }
  return absl::OkStatus();
}

absl::Status ReadScope(absl::string_view text, RateLimit& limit) {
  for (const auto& [name, scope] : kScopes) {
    if (name != text) continue;
    limit.scope = scope;
    return absl::OkStatus();
  }
  return Wrong(text,
               "rule, source or network (the /24 or /64 of the source): what "
               "shares a limit");
}

absl::Status ReadBlockTime(absl::string_view text, RateLimit& limit) {
  absl::string_view number = text;
  for (const Period& unit : kBlockUnits) {
    if (!absl::ConsumeSuffix(&number, unit.name)) continue;
    std::uint32_t count = 0;
    if (!absl::SimpleAtoi(number, &count) || count == 0 ||
        count > kLongestBlock / unit.seconds) {
      break;
    }
    limit.block_seconds = count * unit.seconds;
    return absl::OkStatus();
  }
  return Wrong(text, "a time such as 90s, 10m, 1h or 1d, at most 7 days");
}

std::string ToText(const PacketConditions& conditions) {
  std::vector<std::string> words;
  const auto add = [&words](absl::string_view key, absl::string_view value) {
    words.push_back(absl::StrCat(key, " ", value));
  };
  const auto addresses = [&](absl::string_view key,
                             const AddressCondition& condition) {
    if (condition.empty()) return;
    std::vector<std::string> elements;
    for (const Prefix& prefix : condition.prefixes) {
      elements.push_back(prefix.ToString());
    }
    for (const std::string& set : condition.sets) {
      elements.push_back(absl::StrCat("@", set));
    }
    add(key, absl::StrCat(condition.negated ? "!" : "",
                          absl::StrJoin(elements, ",")));
  };
  const auto values = [&](absl::string_view key, const ValueSet& set) {
    if (!set.empty()) add(key, set.ToString());
  };
  addresses("from", conditions.source);
  addresses("to", conditions.destination);
  if (!conditions.protocols.empty()) {
    add("proto", ProtocolsText(conditions.protocols));
  }
  values("sport", conditions.source_ports);
  values("dport", conditions.destination_ports);
  if (!conditions.icmp.empty()) add("icmp", IcmpText(conditions.icmp));
  if (!conditions.icmpv6.empty()) add("icmpv6", IcmpText(conditions.icmpv6));
  if (!conditions.tcp_flags.empty()) {
    std::vector<std::string> pairs;
    for (const auto& pair : conditions.tcp_flags.pairs) {
      pairs.push_back(
          absl::StrCat(FlagText(pair.value), "/", FlagText(pair.mask)));
    }
    add("flags", absl::StrCat(conditions.tcp_flags.negated ? "!" : "",
                              absl::StrJoin(pairs, ",")));
  }
  values("vlan", conditions.vlans);
  values("length", conditions.lengths);
  if (!conditions.interfaces.empty()) {
    add("iface", absl::StrCat(conditions.interfaces.negated ? "!" : "",
                              absl::StrJoin(conditions.interfaces.names, ",")));
  }
  return absl::StrJoin(words, " ");
}

std::string ToText(const RateLimit& limit) {
  const char* unit = limit.of_bytes ? "bytes" : "";
  const auto period = std::find_if(
      kPeriods.begin(), kPeriods.end(),
      [&](const Period& known) { return known.seconds == limit.seconds; });
  std::string text = absl::StrCat("rate ", limit.amount, unit, "/",
                                  period->name, " burst ", limit.burst, unit);
  for (const auto& [name, scope] : kScopes) {
    if (scope == limit.scope) absl::StrAppend(&text, " per ", name);
  }
  if (limit.block_seconds != 0) {
    absl::StrAppend(&text, " block ", limit.block_seconds, "s");
  }
  return text;
}

}  // namespace fwagent::policy
