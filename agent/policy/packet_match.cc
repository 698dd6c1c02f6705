#include "agent/policy/packet_match.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/policy/match_words.h"
#include "agent/util/name_pattern.h"

namespace fwagent::policy {
namespace {

constexpr std::uint32_t kMaxPort = 65535;
constexpr std::uint32_t kMaxVlan = 4095;
constexpr std::uint32_t kMaxLength = 65535;
constexpr std::uint32_t kIcmp = 1;
constexpr std::uint32_t kTcp = 6;
constexpr std::uint32_t kIcmpv6 = 58;

constexpr char kKeys[] =
    "from, to, proto, sport, dport, icmp, icmpv6, flags, vlan, length, iface, "
    "rate, burst, per, block and shadow";

absl::Status Contradiction(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("no packet can match: ", what));
}

absl::Status CheckLength(absl::string_view text) {
  if (text.size() <= kMaxMatchBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a rule has at most ", kMaxMatchBytes,
                   " bytes: put its addresses into a set"));
}

// Something that only one protocol has narrows the rule to it.
absl::Status RequireProtocol(std::uint32_t number, absl::string_view key,
                             ValueSet& protocols) {
  if (!protocols.empty() && !protocols.Accepts(number)) {
    return Contradiction(
        absl::StrCat("\"", key, "\" does not go with this \"proto\""));
  }
  protocols = {.ranges = {{number, number}}, .negated = false};
  return absl::OkStatus();
}

}  // namespace

bool FlagsCondition::Accepts(std::uint8_t flags) const {
  const bool is_one = std::any_of(
      pairs.begin(), pairs.end(),
      [flags](const Pair& pair) { return (flags & pair.mask) == pair.value; });
  return is_one != negated;
}

bool NamesCondition::Accepts(absl::string_view name) const {
  const bool is_one =
      std::any_of(names.begin(), names.end(), [name](const std::string& one) {
        return util::Matches(one, std::string_view(name.data(), name.size()));
      });
  return is_one != negated;
}

// Reads words in pairs: a key, and what it says.
class PacketMatchReader {
 public:
  absl::StatusOr<PacketMatch> Read(absl::string_view text,
                                   std::uint32_t order) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    for (std::size_t i = 0; i < words.size(); ++i) {
      const absl::string_view key = words[i];
      if (key == "any" && i == 0) continue;
      if (key == "shadow") {
        content_.shadow = true;
        continue;
      }
      if (i + 1 == words.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", key,
                         "\" is the last word, but something must "
                         "follow it"));
      }
      const absl::Status read = ReadPair(key, words[++i]);
      if (!read.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat(key, ": ", read.message()));
      }
    }
    const absl::Status finished = Finish();
    if (!finished.ok()) return finished;
    return PacketMatch(order, std::make_shared<PacketMatch::Content>(content_));
  }

 private:
  absl::Status ReadPair(absl::string_view key, absl::string_view value) {
    PacketConditions& conditions = content_.conditions;
    if (!seen_.insert(std::string(key)).second) {
      return absl::InvalidArgumentError(
          "is there twice: give one list, separated by commas");
    }
    if (key == "from") return ReadSide(value, conditions.source);
    if (key == "to") return ReadSide(value, conditions.destination);
    if (key == "proto") return ReadProtocols(value, conditions.protocols);
    if (key == "sport") {
      return ReadValues(value, kMaxPort, conditions.source_ports);
    }
    if (key == "dport") {
      return ReadValues(value, kMaxPort, conditions.destination_ports);
    }
    if (key == "icmp") return ReadIcmp(value, false, conditions.icmp);
    if (key == "icmpv6") return ReadIcmp(value, true, conditions.icmpv6);
    if (key == "flags") return ReadFlags(value, conditions.tcp_flags);
    if (key == "vlan") return ReadValues(value, kMaxVlan, conditions.vlans);
    if (key == "length") {
      return ReadValues(value, kMaxLength, conditions.lengths);
    }
    if (key == "iface") return ReadNames(value, conditions.interfaces);
    return ReadLimit(key, value);
  }

  static absl::Status ReadSide(absl::string_view value,
                               AddressCondition& condition) {
    if (value == "any") return absl::OkStatus();
    return ReadAddresses(value, condition);
  }

  absl::Status ReadLimit(absl::string_view key, absl::string_view value) {
    if (key == "rate") {
      content_.limit.emplace();
      return ReadRate(value, *content_.limit);
    }
    if (key != "burst" && key != "per" && key != "block") {
      return absl::InvalidArgumentError(
          absl::StrCat("is not a word of rules; they are ", kKeys));
    }
    if (!content_.limit.has_value()) {
      return absl::InvalidArgumentError("comes behind \"rate\" only");
    }
    if (key == "burst") return ReadBurst(value, *content_.limit);
    if (key == "per") return ReadScope(value, *content_.limit);
    return ReadBlockTime(value, *content_.limit);
  }

  // What the conditions mean for each other, and what was left out.
  absl::Status Finish() {
    PacketConditions& conditions = content_.conditions;
    if (!conditions.icmp.empty() && !conditions.icmpv6.empty()) {
      return Contradiction(
          "it would be ICMP and ICMPv6; make one rule for each");
    }
    absl::Status fits;
    const auto require = [&](const auto& condition, std::uint32_t protocol,
                             absl::string_view key) {
      if (condition.empty() || !fits.ok()) return;
      fits = RequireProtocol(protocol, key, conditions.protocols);
    };
    require(conditions.icmp, kIcmp, "icmp");
    require(conditions.icmpv6, kIcmpv6, "icmpv6");
    require(conditions.tcp_flags, kTcp, "flags");
    if (!fits.ok()) return fits;
    if (content_.limit.has_value()) {
      if (content_.limit->burst == 0) SetDefaultBurst(*content_.limit);
      absl::Status holds = CheckLimit(*content_.limit);
      if (!holds.ok()) return holds;
    }
    std::vector<std::string> parts;
    parts.push_back(ToText(conditions));
    if (content_.limit.has_value()) parts.push_back(ToText(*content_.limit));
    if (content_.shadow) parts.emplace_back("shadow");
    parts.erase(std::remove(parts.begin(), parts.end(), ""), parts.end());
    content_.text = parts.empty() ? "any" : absl::StrJoin(parts, " ");
    // They may be longer than what was said, and it is they that are kept.
    return CheckLength(content_.text);
  }

  static absl::Status CheckLimit(const RateLimit& limit) {
    const std::uint64_t most =
        limit.of_bytes ? RateLimit::kMostBytes : RateLimit::kMostPackets;
    if (limit.amount / limit.seconds > most) {
      return absl::InvalidArgumentError(absl::StrCat(
          "rate: at most ", most, limit.of_bytes ? " bytes" : " packets",
          " a second can be counted"));
    }
    if (limit.of_bytes &&
        limit.amount < RateLimit::kLeastBytes * limit.seconds) {
      return absl::InvalidArgumentError(
          absl::StrCat("rate: of bytes it must be at least ",
                       RateLimit::kLeastBytes, " a second"));
    }
    if (limit.of_bytes && limit.burst < RateLimit::kLeastBurstBytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "burst: a packet of ", RateLimit::kLeastBurstBytes,
          " bytes would never pass: it must be at least as large"));
    }
    // In doubles, as products may not fit.
    if (static_cast<double>(limit.burst) * limit.seconds >
        static_cast<double>(limit.amount) *
            static_cast<double>(RateLimit::kLongestBurst)) {
      return absl::InvalidArgumentError(
          "burst: it would take more than 30 days to come at this rate");
    }
    return absl::OkStatus();
  }

  // As much as comes in a second; of bytes, room for some large packets.
  static void SetDefaultBurst(RateLimit& limit) {
    constexpr std::uint64_t kSomePackets = 5;
    constexpr std::uint64_t kSomeBytes = 65'536;
    limit.burst = std::max(limit.amount / limit.seconds,
                           limit.of_bytes ? kSomeBytes : kSomePackets);
  }

  PacketMatch::Content content_;
  std::set<std::string> seen_;
};

absl::StatusOr<PacketMatch> PacketMatch::Parse(absl::string_view text,
                                               std::uint32_t order) {
  const absl::Status fits = CheckLength(text);
  if (!fits.ok()) return fits;
  if (order > kMaxOrder) {
    return absl::InvalidArgumentError(
        absl::StrCat("the order is a number from 0 to ", kMaxOrder));
  }
  return PacketMatchReader().Read(text, order);
}

std::string PacketMatch::ToString() const {
  return absl::StrCat("order ", order_, ": ", text());
}

}  // namespace fwagent::policy
