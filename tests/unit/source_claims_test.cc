#include "agent/policy/source_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace fwagent::policy {
namespace {

using ::testing::IsEmpty;

struct Claim {
  SourceVerdict verdict;
  RuleId id;
  Deadline until;
};

Prefix P(const std::string& text) { return *Prefix::Parse(text); }

// What a packet gets at a tick, and by whom: asked of every claim.
std::pair<SourceVerdict, RuleId> Naive(const std::vector<Claim>& claims,
                                       Deadline now) {
  for (const auto verdict : {SourceVerdict::kAllow, SourceVerdict::kBlock}) {
    const Claim* best = nullptr;
    for (const Claim& claim : claims) {
      if (claim.verdict != verdict || claim.until <= now) continue;
      if (best == nullptr || claim.until > best->until ||
          (claim.until == best->until && claim.id < best->id)) {
        best = &claim;
      }
    }
    if (best != nullptr) return {verdict, best->id};
  }
  return {SourceVerdict::kNone, 0};
}

std::pair<SourceVerdict, RuleId> Of(const SourceRule& rule, Deadline now) {
  if (now < rule.until) return {rule.verdict, rule.id};
  if (now < rule.block_until) return {SourceVerdict::kBlock, rule.block_id};
  return {SourceVerdict::kNone, 0};
}

TEST(SourceClaims, TogetherTheyMeanWhatEachOfThemMeans) {
  std::mt19937 random(20'261'123);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<Claim> claims;
    SourceClaims together(P("10.0.0.0/8"));
    EXPECT_TRUE(together.empty());
    for (auto left = 1 + random() % 5; left > 0; --left) {
      const Claim claim{
          random() % 2 == 0 ? SourceVerdict::kAllow : SourceVerdict::kBlock,
          1 + random() % 9,
          random() % 3 == 0 ? kForever
                            : static_cast<Deadline>(1 + random() % 6)};
      claims.push_back(claim);
      together.Add(claim.verdict, claim.id, claim.until);
    }
    ASSERT_FALSE(together.empty());
    for (const Deadline now : {0u, 1u, 2u, 3u, 4u, 5u, 6u, kForever - 1}) {
      ASSERT_EQ(Of(together.Together(), now), Naive(claims, now))
          << "at " << now;
    }
  }
}

TEST(MergeClaims, HasOneRuleForEachPrefixInOrder) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::vector<SourceRule>> runs(random() % 4);
    std::map<std::string, std::vector<Claim>> naive;
    for (auto& run : runs) {
      const RuleId id = 1 + random() % 9;
      std::map<std::string, SourceRule> once;
      for (auto left = random() % 6; left > 0; --left) {
        const Prefix prefix =
            P(random() % 2 == 0 ? absl::StrCat("10.", random() % 4, ".0.0/",
                                               16 + random() % 2)
                                : absl::StrCat("2001:db8::", random() % 4));
        once[prefix.ToString()] = {.prefix = prefix, .id = id};
      }
      for (const auto& [text, rule] : once) {
        run.push_back(rule);
        naive[text].push_back({rule.verdict, rule.id, rule.until});
      }
      std::sort(run.begin(), run.end(), ByAddress);
    }
    const std::vector<SourceRule> merged = MergeClaims(runs);
    EXPECT_TRUE(std::is_sorted(merged.begin(), merged.end(), ByAddress));
    ASSERT_EQ(merged.size(), naive.size());
    for (const SourceRule& rule : merged) {
      EXPECT_EQ(Of(rule, 0), Naive(naive[rule.prefix.ToString()], 0));
    }
  }
}

TEST(MergeClaims, OfNothingIsNothing) {
  EXPECT_THAT(MergeClaims({}), IsEmpty());
  EXPECT_THAT(MergeClaims({{}, {}}), IsEmpty());
}

}  // namespace
}  // namespace fwagent::policy
