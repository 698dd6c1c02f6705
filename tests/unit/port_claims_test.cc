#include "agent/policy/port_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/support/dice.h"

namespace fwagent::policy {
namespace {

using fwagent::testing::Dice;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::optional<std::size_t> kNone;
const absl::Time kForGood = absl::InfiniteFuture();
const absl::Time kEarly = absl::FromUnixSeconds(1'000);

PortClaim Claim(std::uint32_t first, std::uint32_t last,
                absl::Time until = kForGood,
                Protocol protocol = Protocol::kTcp) {
  return {*PortRange::Create(protocol, first, last), until};
}

TEST(PortClaims, NamesTheWiderOne) {
  EXPECT_THAT(FindWider({Claim(22, 22), Claim(1, 1023), Claim(1000, 1024),
                         Claim(1, 65535, kForGood, Protocol::kUdp),
                         Claim(1023, 1023), Claim(65535, 65535)}),
              ElementsAre(1, kNone, kNone, kNone, 2, kNone));
  EXPECT_THAT(FindWider({Claim(1, 65535), Claim(65535, 65535), Claim(1, 1)}),
              ElementsAre(kNone, 0, 0));
  // There twice is something else.
  EXPECT_THAT(FindWider({Claim(22, 22), Claim(22, 22)}),
              ElementsAre(kNone, kNone));
  EXPECT_THAT(FindWider({}), IsEmpty());
}

TEST(PortClaims, WhatEndsEarlierHoldsNothing) {
  EXPECT_THAT(FindWider({Claim(22, 22), Claim(1, 1023, kEarly)}),
              ElementsAre(kNone, kNone));
  EXPECT_THAT(FindWider({Claim(22, 22, kEarly), Claim(1, 1023, kEarly)}),
              ElementsAre(1, kNone));
  EXPECT_THAT(FindWider({Claim(22, 22, kEarly), Claim(1, 1023)}),
              ElementsAre(1, kNone));
}

// Against a look at each pair, of claims that are all different.
TEST(PortClaims, AtRandom) {
  const absl::Time ends[] = {kEarly, kForGood};
  Dice dice(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<PortClaim> claims;
    for (auto n = dice.Below(12); n > 0; --n) {
      const auto first = static_cast<std::uint32_t>(dice.Between(1, 8));
      const auto last = static_cast<std::uint32_t>(dice.Between(first, 9));
      const PortClaim claim =
          Claim(first, last, dice.Of(ends),
                dice.OneIn(2) ? Protocol::kTcp : Protocol::kUdp);
      bool is_new = true;
      for (const PortClaim& other : claims) {
        is_new &= other.range != claim.range;
      }
      if (is_new) claims.push_back(claim);
    }
    const auto holds = [&claims](std::size_t outer, std::size_t inner) {
      const PortClaim& a = claims[outer];
      const PortClaim& b = claims[inner];
      return outer != inner && a.range.protocol() == b.range.protocol() &&
             a.range.first() <= b.range.first() &&
             a.range.last() >= b.range.last() && a.until >= b.until;
    };
    const auto wider = FindWider(claims);
    for (std::size_t i = 0; i < claims.size(); ++i) {
      bool is_held = false;
      for (std::size_t k = 0; k < claims.size(); ++k) is_held |= holds(k, i);
      ASSERT_EQ(wider[i].has_value(), is_held);
      ASSERT_TRUE(!is_held || holds(*wider[i], i));
    }
  }
}

}  // namespace
}  // namespace fwagent::policy
