#include "tests/support/random_sources.h"

#include <array>
#include <string_view>

namespace fwagent::testing {
namespace {

using policy::Family;
using policy::Prefix;
using policy::SourceRule;
using policy::SourceVerdict;

// Where roots, chunks, words and subtrees begin and end.
constexpr std::array<unsigned, 24> kBoundaryLengths = {
    0,  8,  12, 15, 16, 17, 20, 23, 24, 25, 26,  28,
    30, 31, 32, 33, 40, 48, 56, 64, 65, 96, 127, 128};
// Shorter ones put everything else in question, and should be few.
constexpr unsigned kShortLength = 16;

// Added to the id of an allow: the id of the block behind it.
constexpr policy::RuleId kBlocksBehind = 1'000'000'000;

void Truncate(std::vector<std::uint8_t>& address, unsigned length) {
  for (unsigned i = length; i < address.size() * 8; ++i) {
    address[i / 8] &= static_cast<std::uint8_t>(~(0x80u >> i % 8));
  }
}

}  // namespace

RandomSources::RandomSources(std::uint64_t seed, int places) : random_(seed) {
  for (int i = 0; i < places; ++i) {
    const Family family = i % 2 == 0 ? Family::kIPv4 : Family::kIPv6;
    const Bytes place = RandomBytes(family);
    Bytes neighbour = place;
    ChangeTail(neighbour, 26);
    places_.push_back(place);
    places_.push_back(neighbour);
  }
}

RandomSources::Bytes RandomSources::RandomBytes(Family family) {
  Bytes address(static_cast<std::size_t>(AddressBits(family)) / 8);
  ChangeTail(address, 0);
  return address;
}

void RandomSources::ChangeTail(Bytes& address, unsigned from_bit) {
  for (std::size_t i = from_bit / 8; i < address.size(); ++i) {
    unsigned mask = 0xff;
    if (i == from_bit / 8) mask >>= from_bit % 8;
    address[i] ^= static_cast<std::uint8_t>(random_() & mask);
  }
}

unsigned RandomSources::NextLength(Family family) {
  const auto bits = static_cast<unsigned>(AddressBits(family));
  for (;;) {
    const auto length = static_cast<unsigned>(
        Below(3) == 0 ? Below(bits + 1)
                      : kBoundaryLengths[Below(kBoundaryLengths.size())]);
    if (length <= bits && (length >= kShortLength || Below(8) == 0)) {
      return length;
    }
  }
}

Prefix RandomSources::NextPrefix() {
  for (;;) {
    Bytes address = places_[Below(places_.size())];
    const Family family = address.size() == 4 ? Family::kIPv4 : Family::kIPv6;
    if (Below(8) == 0) address = RandomBytes(family);
    if (Below(2) == 0) {
      ChangeTail(address, static_cast<unsigned>(Below(address.size() * 8)));
    }
    const unsigned length = NextLength(family);
    Truncate(address, length);
    const auto prefix = Prefix::FromBytes(
        std::string_view(reinterpret_cast<const char*>(address.data()),
                         address.size()),
        length);
    // IPv4-mapped addresses are no IPv6 prefixes.
    if (prefix.ok()) return *prefix;
  }
}

policy::Deadline RandomSources::RandomDeadline() {
  constexpr policy::Deadline kFew = 6;
  const std::uint64_t deadline = Below(kFew);
  return deadline == kFew - 1 ? policy::kForever
                              : static_cast<policy::Deadline>(deadline);
}

SourceRule RandomSources::NextRule(const RuleMix& mix) {
  return RuleFor(NextPrefix(), mix);
}

SourceRule RandomSources::RuleFor(const Prefix& prefix, const RuleMix& mix) {
  SourceRule rule = {.prefix = prefix, .id = ++last_id_};
  if (Below(100) < mix.allows) rule.verdict = SourceVerdict::kAllow;
  if (Below(100) < mix.classes) {
    rule.classes = std::uint64_t{1} << Below(64);
    if (Below(2) == 0) rule.verdict = SourceVerdict::kNone;
  }
  if (Below(100) < mix.timed) {
    rule.until = RandomDeadline();
    const bool is_allow = rule.verdict == SourceVerdict::kAllow;
    if (is_allow && Below(2) == 0) {
      rule.block_until = RandomDeadline();
      rule.block_id = rule.id + kBlocksBehind;
    }
    // A rule that says nothing has no deadline.
    if (rule.verdict == SourceVerdict::kNone) rule.until = policy::kForever;
  }
  return rule;
}

}  // namespace fwagent::testing
