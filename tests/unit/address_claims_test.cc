#include "agent/policy/address_claims.h"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/dice.h"

namespace fwagent::policy {
namespace {

using fwagent::testing::Dice;

constexpr std::optional<std::size_t> kNone;
const absl::Time kForGood = absl::InfiniteFuture();
const absl::Time kEarly = absl::FromUnixSeconds(1'000);
const absl::Time kLate = absl::FromUnixSeconds(2'000);

Prefix Of(std::string_view text) { return *Prefix::Parse(text); }

TEST(AddressClaims, NamesTheLongestOfThoseThatLastLongest) {
  const AddressClaims claims({{Of("10.0.0.0/8")},
                              {Of("10.1.0.0/16"), true},
                              {Of("10.1.2.0/24")},
                              {Of("10.1.2.3"), false, kEarly},
                              {Of("2001:db8::/32"), false, kLate}});
  EXPECT_EQ(claims.Over(Of("10.7.0.0/16"), false, kForGood), 0);
  EXPECT_EQ(claims.Over(Of("10.7.0.0/16"), true, kForGood), kNone);
  EXPECT_EQ(claims.Over(Of("10.1.2.4"), false, kForGood), 2);
  EXPECT_EQ(claims.Over(Of("10.1.2.4"), true, kForGood), 1);
  EXPECT_EQ(claims.Over(Of("10.1.2.3"), false, kEarly), 2);
  EXPECT_EQ(claims.Over(Of("10.0.0.0/7"), false, kForGood), kNone);
  EXPECT_EQ(claims.Over(Of("9.255.255.255"), false, kForGood), kNone);
  EXPECT_EQ(claims.Over(Of("11.0.0.0"), false, kForGood), kNone);
  EXPECT_EQ(claims.Over(Of("2001:db8::1"), false, kLate), 4);
  EXPECT_EQ(claims.Over(Of("2001:db8::1"), false, kForGood), kNone);
  EXPECT_EQ(claims.Over(Of("2001:db9::1"), false, kEarly), kNone);
}

TEST(AddressClaims, AroundMeansWider) {
  const AddressClaims claims(
      {{Of("10.0.0.0/8")}, {Of("10.1.0.0/16")}, {Of("10.1.0.0/16")}});
  EXPECT_EQ(claims.Over(Of("10.1.0.0/16"), false, kForGood), 1);
  EXPECT_EQ(claims.Around(Of("10.1.0.0/16"), false, kForGood), 0);
  EXPECT_EQ(claims.Around(Of("10.1.2.0/24"), false, kForGood), 1);
  EXPECT_EQ(claims.Around(Of("10.0.0.0/8"), false, kForGood), kNone);
  EXPECT_EQ(AddressClaims({}).Over(Of("10.1.2.3"), false, kEarly), kNone);
}

// Against a look at each claim.
TEST(AddressClaims, AtRandom) {
  constexpr std::uint8_t kLengths[] = {0, 8, 14, 15, 16, 23, 24, 31, 32};
  const absl::Time ends[] = {kEarly, kLate, kForGood};
  Dice dice(1);
  const auto random_prefix = [&dice, &kLengths] {
    return Of(absl::StrCat("10.", dice.Below(4), ".", dice.Below(3), ".",
                           dice.Below(3)))
        .Shortened(dice.Of(kLengths));
  };
  for (int round = 0; round < 500; ++round) {
    std::vector<AddressClaim> all;
    for (auto n = dice.Below(12); n > 0; --n) {
      all.push_back({random_prefix(), dice.OneIn(2), dice.Of(ends)});
    }
    const AddressClaims claims(all);
    for (int i = 0; i < 50; ++i) {
      const Prefix asked = random_prefix();
      const bool allows = dice.OneIn(2);
      const bool strictly = dice.OneIn(2);
      const absl::Time until = dice.Of(ends);
      absl::Time best = absl::InfinitePast();
      int longest = -1;
      for (const AddressClaim& claim : all) {
        if (claim.allows != allows || claim.until < until ||
            claim.prefix.length() + (strictly ? 1 : 0) > asked.length() ||
            asked.Shortened(claim.prefix.length()) != claim.prefix) {
          continue;
        }
        if (claim.until < best) continue;
        if (claim.until == best && claim.prefix.length() <= longest) continue;
        best = claim.until;
        longest = claim.prefix.length();
      }
      const auto found = strictly ? claims.Around(asked, allows, until)
                                  : claims.Over(asked, allows, until);
      ASSERT_EQ(found.has_value(), longest >= 0);
      if (!found) continue;
      EXPECT_EQ(all[*found].allows, allows);
      EXPECT_EQ(all[*found].until, best);
      EXPECT_EQ(all[*found].prefix,
                asked.Shortened(static_cast<std::uint8_t>(longest)));
    }
  }
}

}  // namespace
}  // namespace fwagent::policy
