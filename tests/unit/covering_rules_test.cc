#include "agent/policy/covering_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "agent/policy/source_claims.h"

namespace fwagent::policy {
namespace {

Prefix P(const char* text) { return *Prefix::Parse(text); }

SourceRule Rule(const char* prefix, RuleId id,
                SourceVerdict verdict = SourceVerdict::kBlock) {
  return {.prefix = P(prefix), .id = id, .verdict = verdict};
}

std::vector<SourceRule> Sorted(std::vector<SourceRule> rules) {
  std::sort(rules.begin(), rules.end(), ByAddress);
  return rules;
}

TEST(CoveringRulesTest, EveryPrefixAroundAnAddressHasItsSay) {
  const std::vector<SourceRule> rules = Sorted(
      {Rule("10.0.0.0/8", 1), Rule("10.1.0.0/16", 2, SourceVerdict::kAllow),
       Rule("10.1.2.3", 3), Rule("10.2.0.0/16", 4)});
  const CoveringRules covering(rules);
  EXPECT_EQ(covering.MeaningOf(P("10.9.9.9")).rule, 1u);
  EXPECT_EQ(covering.MeaningOf(P("10.2.9.9")).rule, 4u);
  EXPECT_EQ(covering.MeaningOf(P("10.1.2.3")).verdict, SourceVerdict::kAllow)
      << "an allow beats a longer block";
  EXPECT_EQ(covering.MeaningOf(P("11.0.0.1")).verdict, SourceVerdict::kNone);
}

TEST(CoveringRulesTest, FamiliesDoNotMix) {
  const std::vector<SourceRule> rules =
      Sorted({Rule("0.0.0.0/0", 1), Rule("2001:db8::/64", 2)});
  const CoveringRules covering(rules);
  EXPECT_EQ(covering.MeaningOf(P("192.0.2.1")).rule, 1u);
  EXPECT_EQ(covering.MeaningOf(P("2001:db8::1")).rule, 2u);
  EXPECT_EQ(covering.MeaningOf(P("2001:db8:0:1::1")).verdict,
            SourceVerdict::kNone);
}

TEST(CoveringRulesTest, NoRulesSayNothing) {
  const std::vector<SourceRule> none;
  EXPECT_EQ(CoveringRules(none).MeaningOf(P("192.0.2.1")).verdict,
            SourceVerdict::kNone);
}

}  // namespace
}  // namespace fwagent::policy
