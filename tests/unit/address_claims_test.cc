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
  EXPECT_EQ(claims.Around(0, false, kForGood), kNone);
  EXPECT_EQ(claims.Around(1, false, kForGood), 0);
  EXPECT_EQ(claims.Around(2, false, kForGood), 0);
  EXPECT_EQ(claims.Around(2, true, kForGood), kNone);
  EXPECT_EQ(AddressClaims({}).Over(Of("10.1.2.3"), false, kEarly), kNone);
}

// By a look at each claim: the best one over a prefix, but for those longer
// than `longest`.
std::optional<AddressClaim> BestOf(const std::vector<AddressClaim>& claims,
                                   const Prefix& asked, int longest,
                                   bool allows) {
  std::optional<AddressClaim> best;
  for (const AddressClaim& claim : claims) {
    const int length = claim.prefix.length();
    if (claim.allows != allows || length > longest ||
        asked.Shortened(claim.prefix.length()) != claim.prefix) {
      continue;
    }
    if (!best || claim.until > best->until ||
        (claim.until == best->until && length > best->prefix.length())) {
      best = claim;
    }
  }
  return best;
}

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
    for (auto n = dice.Between(1, 12); n > 0; --n) {
      all.push_back({random_prefix(), dice.OneIn(2), dice.Of(ends)});
    }
    const AddressClaims claims(all);
    const auto check = [&](std::optional<std::size_t> found,
                           std::optional<AddressClaim> best, absl::Time until) {
      if (best && best->until < until) best.reset();
      ASSERT_EQ(found.has_value(), best.has_value());
      if (!best) return;
      EXPECT_EQ(all[*found].prefix, best->prefix);
      EXPECT_EQ(all[*found].allows, best->allows);
      EXPECT_EQ(all[*found].until, best->until);
    };
    for (int i = 0; i < 30; ++i) {
      const bool allows = dice.OneIn(2);
      const absl::Time until = dice.Of(ends);
      const Prefix asked = random_prefix();
      check(claims.Over(asked, allows, until),
            BestOf(all, asked, asked.length(), allows), until);
      const auto claim = static_cast<std::size_t>(dice.Below(all.size()));
      const Prefix& own = all[claim].prefix;
      check(claims.Around(claim, allows, until),
            BestOf(all, own, own.length() - 1, allows), until);
    }
  }
}

}  // namespace
}  // namespace fwagent::policy
