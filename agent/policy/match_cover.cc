#include "agent/policy/match_cover.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "agent/util/name_pattern.h"

namespace fwagent::policy {
namespace {

// Numbers are fields 0 to 6, in the order in which they are added; then:
constexpr std::size_t kFirstSide = MatchOutline::kNumbers;
constexpr std::size_t kFlags = kFirstSide + MatchOutline::kSides;
constexpr std::size_t kInterfaces = kFlags + 1;

// More names than a rule has in earnest are only looked for as they are.
constexpr std::size_t kMostNames = 32;

// Prefixes of one family, as numbers.
template <typename Number>
Span<Number> SpanOf(const Prefix& prefix) {
  constexpr int kBits = std::numeric_limits<Number>::digits;
  Number first = 0;
  for (std::size_t i = 0; i < kBits / 8; ++i) {
    first = first << 8 | Number{prefix.address()[i]};
  }
  const Number host = prefix.length() == 0
                          ? std::numeric_limits<Number>::max()
                          : (Number{1} << (kBits - prefix.length())) - 1;
  return {first, first | host};
}

template <typename Number>
Spans<Number> SpansOf(const AddressCondition& condition, Family family) {
  Spans<Number> spans;
  for (const Prefix& prefix : condition.prefixes) {
    if (prefix.family() == family) spans.push_back(SpanOf<Number>(prefix));
  }
  spans = Canonical(std::move(spans));
  if (!condition.negated) return spans;
  return Inverse(spans, std::numeric_limits<Number>::max());
}

// As in MatchOutline; keeps order.
std::uint64_t Lead(std::uint32_t v4) { return std::uint64_t{v4} << 31; }
std::uint64_t Lead(absl::uint128 v6) {
  return std::uint64_t{1} << 63 | absl::Uint128High64(v6) >> 1;
}

// What is in `names` covers a pattern only by having it too.
bool HasName(const std::vector<std::string>& names, const std::string& name) {
  return std::binary_search(names.begin(), names.end(), name);
}

bool NamesCover(const NamesCondition& outer, const NamesCondition& inner) {
  const auto is_in = [](const NamesCondition& few, const NamesCondition& many) {
    return std::all_of(
        few.names.begin(), few.names.end(), [&many](const std::string& name) {
          if (HasName(many.names, name)) return true;
          return !util::IsPattern(name) && many.names.size() <= kMostNames &&
                 many.Accepts(name) != many.negated;
        });
  };
  if (inner.negated) return outer.negated && is_in(outer, inner);
  if (!outer.negated) return is_in(inner, outer);
  return inner.names.size() <= kMostNames && outer.names.size() <= kMostNames &&
         std::all_of(inner.names.begin(), inner.names.end(),
                     [&outer](const std::string& name) {
                       return !util::IsPattern(name) && outer.Accepts(name);
                     });
}

// When what they say of prefixes is covered: whether all of it is, whatever is
// in the sets.
bool SetsCover(const AddressCondition& outer, const AddressCondition& inner) {
  const auto has = [](const std::vector<std::string>& many,
                      const std::vector<std::string>& few) {
    return std::includes(many.begin(), many.end(), few.begin(), few.end());
  };
  if (inner.negated) return !outer.negated || has(inner.sets, outer.sets);
  if (outer.negated) return outer.sets.empty() && inner.sets.empty();
  return has(outer.sets, inner.sets);
}

}  // namespace

bool MayCover(const MatchOutline& outer, const MatchOutline& inner) {
  if ((outer.fields & ~inner.fields) != 0) return false;
  for (std::size_t i = 0; i < MatchOutline::kSides; ++i) {
    if (outer.lowest_address[i] > inner.lowest_address[i] ||
        outer.highest_address[i] < inner.highest_address[i]) {
      return false;
    }
  }
  bool fits = true;
  for (std::size_t i = 0; i < MatchOutline::kNumbers; ++i) {
    fits &= outer.lowest[i] <= inner.lowest[i];
    fits &= outer.highest[i] >= inner.highest[i];
  }
  return fits;
}

MatchShape::MatchShape(const PacketMatch& match) : match_(match) {
  outline_.lowest_address.fill(0);
  outline_.highest_address.fill(std::numeric_limits<std::uint64_t>::max());
  outline_.lowest.fill(0);
  outline_.highest.fill(std::numeric_limits<std::uint16_t>::max());
  const PacketConditions& conditions = match.conditions();
  AddNumbers(0, conditions.protocols, 255);
  AddNumbers(1, conditions.source_ports, 65535);
  AddNumbers(2, conditions.destination_ports, 65535);
  AddNumbers(3, conditions.icmp, 65535);
  AddNumbers(4, conditions.icmpv6, 65535);
  AddNumbers(5, conditions.vlans, 4095);
  // With its header an IPv6 packet is longer than what its length field says.
  AddNumbers(6, conditions.lengths, std::numeric_limits<std::uint32_t>::max());
  AddSide(0, conditions.source);
  AddSide(1, conditions.destination);
  AddRest();
}

void MatchShape::AddField(std::size_t field) {
  outline_.fields = static_cast<std::uint16_t>(outline_.fields | 1U << field);
}

void MatchShape::AddNumbers(std::size_t which, const ValueSet& values,
                            std::uint32_t largest) {
  if (values.empty()) return;
  AddField(which);
  Spans<std::uint32_t>& spans = numbers_[which];
  for (const ValueRange& range : values.ranges) {
    spans.push_back({range.first, range.last});
  }
  if (values.negated) spans = Inverse(spans, largest);
  const auto cut = [](std::uint32_t number) {
    return static_cast<std::uint16_t>(std::min(number, 65535U));
  };
  outline_.lowest[which] = spans.empty() ? 65535 : cut(spans.front().first);
  outline_.highest[which] = spans.empty() ? 0 : cut(spans.back().last);
}

void MatchShape::AddSide(std::size_t which, const AddressCondition& condition) {
  if (condition.empty()) return;
  AddField(kFirstSide + which);
  Addresses& side = sides_[which];
  side = AddressesOf(condition);
  std::uint64_t& lowest = outline_.lowest_address[which];
  std::uint64_t& highest = outline_.highest_address[which];
  std::swap(lowest, highest);
  if (!side.v6.empty()) {
    lowest = Lead(side.v6.front().first);
    highest = Lead(side.v6.back().last);
  }
  if (!side.v4.empty()) {
    lowest = Lead(side.v4.front().first);
    highest = std::max(highest, Lead(side.v4.back().last));
  }
}

void MatchShape::AddRest() {
  const PacketConditions& conditions = match_.conditions();
  if (!conditions.interfaces.empty()) AddField(kInterfaces);
  if (conditions.tcp_flags.empty()) return;
  AddField(kFlags);
  for (std::size_t flags = 0; flags < flags_.size(); ++flags) {
    flags_[flags] =
        conditions.tcp_flags.Accepts(static_cast<std::uint8_t>(flags));
  }
}

MatchShape::Addresses MatchShape::AddressesOf(
    const AddressCondition& condition) {
  return {SpansOf<std::uint32_t>(condition, Family::kIPv4),
          SpansOf<absl::uint128>(condition, Family::kIPv6)};
}

bool MatchShape::AreWithin(const Addresses& inner, const Addresses& outer) {
  return IsWithin(inner.v4, outer.v4) && IsWithin(inner.v6, outer.v6);
}

std::size_t MatchShape::effort() const {
  std::size_t count = 1 + match_.conditions().interfaces.names.size();
  for (const auto& spans : numbers_) count += spans.size();
  for (const Addresses& side : sides_) count += side.v4.size() + side.v6.size();
  return count;
}

bool MatchShape::NumbersCover(const MatchShape& inner) const {
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    if (Has(i) && !IsWithin(inner.numbers_[i], numbers_[i])) return false;
  }
  return true;
}

bool MatchShape::SidesCover(const MatchShape& inner) const {
  const PacketConditions& mine = match_.conditions();
  const PacketConditions& its = inner.match_.conditions();
  const auto covers = [&](std::size_t which, const AddressCondition& my_side,
                          const AddressCondition& its_side) {
    return !Has(kFirstSide + which) ||
           (SetsCover(my_side, its_side) &&
            AreWithin(inner.sides_[which], sides_[which]));
  };
  return covers(0, mine.source, its.source) &&
         covers(1, mine.destination, its.destination);
}

// A condition of this rule on something that the other does not ask about is
// never covered, even one that seems to accept everything: it does not hold of
// packets that have no such thing, and waits for what cannot be read.
bool MatchShape::Covers(const MatchShape& inner) const {
  return MayCover(outline_, inner.outline_) && NumbersCover(inner) &&
         (!Has(kFlags) || (inner.flags_ & ~flags_).none()) &&
         (!Has(kInterfaces) ||
          NamesCover(match_.conditions().interfaces,
                     inner.match_.conditions().interfaces)) &&
         SidesCover(inner);
}

bool Covers(const PacketMatch& outer, const PacketMatch& inner) {
  return MatchShape(outer).Covers(MatchShape(inner));
}

}  // namespace fwagent::policy
