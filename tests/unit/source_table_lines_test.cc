// IPv4 prefixes of 25 to 31 bits, and the lines that they share.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/support/heap_source_world.h"

namespace fwagent::testing {
namespace {

using lookup::Address4;
using policy::SourceRule;
using policy::SourceVerdict;

class SourceTableLines : public ::testing::Test {
 protected:
  static SourceRule Rule(Address4 address, int length) {
    const lookup::Key<Address4> key = {lookup::Truncate(address, length),
                                       static_cast<std::uint8_t>(length)};
    return {.prefix = PrefixOf(key)};
  }
  void Block(Address4 address, int length) {
    ASSERT_EQ(world_.Add(Rule(address, length)), absl::OkStatus());
  }
  SourceVerdict VerdictOf(Address4 address) {
    const Question question = {policy::Family::kIPv4, address, true};
    return world_.Ask(question).verdict;
  }
  const fw_generation& Generation() {
    const fw_table_state& state = *world_.memory().state();
    return state
        .generations[FW_FAMILY_IPV4][state.active >> FW_FAMILY_IPV4 & 1];
  }

  // The first /24 that has the line of a /28, and the same rest.
  std::optional<Address4> PlaceLike(Address4 anchor) {
    const fw_generation& generation = Generation();
    const std::uint32_t rest_bits = FW_ANCHOR_SHORT - generation.bucket_bits;
    const std::uint32_t shuffled =
        fw_shuffle_prefix(anchor >> 4, FW_ANCHOR_LONG, generation.seed);
    const std::uint32_t rest = shuffled & ((16u << rest_bits) - 1);
    if (rest >= 1u << rest_bits) return std::nullopt;
    const std::uint32_t wanted =
        shuffled >> (rest_bits + 4) << rest_bits | rest;
    for (std::uint32_t place = 0; place < 1u << 24; ++place) {
      if (fw_shuffle_prefix(place, FW_ANCHOR_SHORT, generation.seed) == wanted)
        return place << 8;
    }
    return std::nullopt;
  }

  HeapSourceWorld world_;
};

TEST_F(SourceTableLines, APrefixOfManyBitsIsNotTakenForOneOfFew) {
  // Wherever the place is, the table need not be built anew for it.
  for (std::uint32_t part = 0; part < FW_FRONT_SLABS; ++part) {
    Block(part << 28 | 1, 32);
  }
  const std::uint64_t seed = Generation().seed;
  std::optional<Address4> place;
  Address4 anchor = 0xc0000200;
  for (; !place.has_value(); anchor += 16) place = PlaceLike(anchor);
  anchor -= 16;
  Block(anchor | 4, 30);
  // So that it is looked for there at all.
  Block(*place | 0x80, 25);
  ASSERT_EQ(Generation().seed, seed);
  EXPECT_EQ(VerdictOf(anchor | 4), SourceVerdict::kBlock);
  EXPECT_EQ(VerdictOf(*place | 0x80), SourceVerdict::kBlock);
  // The suffix of 4/30 behind a /28 is that of 96/27 behind a /24.
  EXPECT_EQ(VerdictOf(*place | 0x60), SourceVerdict::kNone);
}

TEST_F(SourceTableLines, NoTwoPlacesAreShuffledToOne) {
  for (const std::uint64_t seed : {0ull, 0x123456789abcdefull, ~0ull}) {
    std::vector<bool> seen(1u << 24);
    for (std::uint32_t place = 0; place < seen.size(); ++place) {
      const std::uint32_t shuffled =
          fw_shuffle_prefix(place, FW_ANCHOR_SHORT, seed);
      ASSERT_LT(shuffled, seen.size());
      ASSERT_FALSE(seen[shuffled]) << place;
      seen[shuffled] = true;
    }
  }
}

// Though they lie together, by the dozen.
TEST_F(SourceTableLines, ListsOfEveryPrefixTakeLittleMoreRoomThanHosts) {
  std::vector<SourceRule> dense;
  std::vector<SourceRule> hosts;
  for (std::uint32_t place = 0; place < 200; ++place) {
    const Address4 address = (place * 0x9e3779b1u & 0x0fffff00) | 1u << 28;
    for (int length = 25; length <= 31; ++length) {
      for (std::uint32_t low = 0; low < 256; low += 1u << (32 - length)) {
        dense.push_back(Rule(address | low, length));
        hosts.push_back(
            Rule(static_cast<Address4>(hosts.size()) * 0x9e3779b1u, 32));
      }
    }
  }
  ASSERT_EQ(world_.Replace(hosts), absl::OkStatus());
  const std::uint32_t lines_of_hosts = Generation().bucket_count;
  ASSERT_EQ(world_.Replace(dense), absl::OkStatus());
  EXPECT_LE(Generation().bucket_count, 2 * lines_of_hosts);
}

// Of prefixes with nothing inside them: what they say, and until when.
TEST_F(SourceTableLines, AnotherDeadlineTakesNoNewTable) {
  const char* const prefixes[] = {
      "192.0.2.1",   "192.0.2.64/26",   "198.51.100.0/24", "203.0.112.0/20",
      "2001:db8::1", "2001:db8:1::/64", "2001:db9::/32",   "2002::/20"};
  for (const char* prefix : prefixes) {
    ASSERT_EQ(world_.Add({.prefix = *policy::Prefix::Parse(prefix)}),
              absl::OkStatus());
  }
  const std::uint32_t active = world_.memory().state()->active;
  policy::RuleId id = 0;
  for (const policy::Deadline until :
       {policy::Deadline{5}, policy::Deadline{9}, policy::kForever}) {
    for (const char* prefix : prefixes) {
      const auto parsed = *policy::Prefix::Parse(prefix);
      const bool is_ipv4 = parsed.family() == policy::Family::kIPv4;
      ASSERT_EQ(world_.Add({.prefix = parsed, .id = ++id, .until = until}),
                absl::OkStatus());
      ASSERT_EQ(world_.memory().state()->active, active) << prefix;
      const Question question = {
          parsed.family(),
          is_ipv4 ? lookup::Address6{lookup::KeyOf<Address4>(parsed).address}
                  : lookup::KeyOf<lookup::Address6>(parsed).address,
          false};
      EXPECT_EQ(world_.Ask(question).until, until) << prefix;
    }
  }
}

// What ended and was taken out leaves no memory behind.
TEST_F(SourceTableLines, DeadlinesThatComeAndGoTakeNoMoreMemory) {
  Block(0xc0000200, 32);
  const auto come_and_go = [this](policy::Deadline first, int count) {
    for (int i = 0; i < count; ++i) {
      SourceRule rule = Rule(0xc0000201, 32);
      rule.until = first + static_cast<policy::Deadline>(i);
      ASSERT_EQ(world_.Add(rule), absl::OkStatus());
      ASSERT_EQ(world_.Remove(rule.prefix), absl::OkStatus());
    }
  };
  come_and_go(1, 10'000);
  const std::size_t slabs = world_.memory().slab_count();
  come_and_go(20'000, 100'000);
  EXPECT_EQ(world_.memory().slab_count(), slabs);
}

}  // namespace
}  // namespace fwagent::testing
