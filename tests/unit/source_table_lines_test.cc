// IPv4 prefixes that meet in one line of the buckets.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/support/heap_source_world.h"

namespace fwagent::testing {
namespace {

using lookup::Address4;
using policy::SourceVerdict;

class SourceTableLines : public ::testing::Test {
 protected:
  void Block(Address4 address, int length) {
    const lookup::Key<Address4> key = {lookup::Truncate(address, length),
                                       static_cast<std::uint8_t>(length)};
    ASSERT_EQ(world_.Add({.prefix = PrefixOf(key)}), absl::OkStatus());
  }
  SourceVerdict VerdictOf(Address4 address) {
    const Question question = {policy::Family::kIPv4, address, true};
    return world_.Ask(question).verdict;
  }

  // The /24 that is shuffled to this, in the table that is in force.
  std::optional<Address4> PlaceShuffledTo(std::uint32_t shuffled) {
    const std::uint64_t seed = Generation().seed;
    for (std::uint32_t place = 0; place <= FW_MASK24; ++place) {
      if (fw_shuffle24(place, seed) == shuffled) return place << 8;
    }
    return std::nullopt;
  }
  const fw_generation& Generation() {
    const fw_source_state& state = *world_.memory().state();
    return state
        .generations[FW_FAMILY_IPV4][state.active >> FW_FAMILY_IPV4 & 1];
  }

  HeapSourceWorld world_;
};

// A prefix of more than 27 bits lies some lines behind that of its /24, with a
// tag that another /24, whose own line this is, would give it too.
TEST_F(SourceTableLines, ANeighboursPrefixIsNotTakenForOnesOwn) {
  constexpr Address4 kPlace = 0xc0000200;
  constexpr std::uint32_t kBehind = 5;
  constexpr std::uint32_t kLow = kBehind << 4 | 6;
  // Wherever the neighbour is, the table need not be built anew for it.
  for (std::uint32_t part = 0; part < FW_FRONT_SLABS; ++part) {
    Block(part << 28 | 1, 32);
  }
  Block(kPlace | kLow, 30);
  const std::uint32_t line_step = 1u << (24 - Generation().bucket_bits);
  const std::uint32_t shuffled =
      fw_shuffle24(kPlace >> 8, Generation().seed) + kBehind * line_step;
  const auto neighbour = PlaceShuffledTo(shuffled & FW_MASK24);
  ASSERT_TRUE(neighbour.has_value());
  const std::uint64_t seed = Generation().seed;
  // So that it is looked for there at all.
  Block(*neighbour | 0x80, 25);
  ASSERT_EQ(Generation().seed, seed);
  EXPECT_EQ(VerdictOf(kPlace | kLow), SourceVerdict::kBlock);
  EXPECT_EQ(VerdictOf(*neighbour | 0x80), SourceVerdict::kBlock);
  EXPECT_EQ(VerdictOf(*neighbour | kLow), SourceVerdict::kNone);
}

// The shuffle loses nothing.
TEST_F(SourceTableLines, NoTwoPlacesAreShuffledToOne) {
  for (const std::uint64_t seed : {0ull, 0x123456789abcdefull, ~0ull}) {
    std::vector<bool> seen(FW_MASK24 + 1);
    for (std::uint32_t place = 0; place <= FW_MASK24; ++place) {
      const std::uint32_t shuffled = fw_shuffle24(place, seed);
      ASSERT_LE(shuffled, FW_MASK24);
      ASSERT_FALSE(seen[shuffled]) << place;
      seen[shuffled] = true;
    }
  }
}

}  // namespace
}  // namespace fwagent::testing
