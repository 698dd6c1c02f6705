#include "agent/lookup/statements.h"

#include <gtest/gtest.h>

namespace fwagent::lookup {
namespace {

using policy::SourceMeaning;
using policy::SourceRule;
using policy::SourceVerdict;

constexpr SourceVerdict kVerdicts[] = {
    SourceVerdict::kNone, SourceVerdict::kBlock, SourceVerdict::kAllow};

TEST(NarrowFold, SaysWhatThePolicySays) {
  for (const SourceVerdict outer : kVerdicts) {
    for (const SourceVerdict inner : kVerdicts) {
      for (const policy::SourceClasses classes : {0, 1, 2}) {
        const policy::RuleId rule = outer == SourceVerdict::kNone ? 0 : 7;
        const SourceMeaning meaning = policy::Narrow(
            {outer, rule, 1}, {.id = 8, .verdict = inner, .classes = classes});
        const Fold fold =
            Narrow({.classes = 1,
                    .number = static_cast<std::uint32_t>(rule),
                    .verdict = outer},
                   8, {.rule = 8, .classes = classes, .verdict = inner});
        EXPECT_EQ(fold.verdict, meaning.verdict);
        EXPECT_EQ(fold.number, meaning.rule);
        EXPECT_EQ(fold.classes, meaning.classes);
      }
    }
  }
}

TEST(Statements, GivesOutNumbersAgain) {
  Statements statements;
  const Statement first = {.rule = 1, .verdict = SourceVerdict::kBlock};
  const Statement second = {.rule = 2, .verdict = SourceVerdict::kAllow};
  const std::uint32_t number = *statements.Add(first);
  EXPECT_NE(number, 0u);
  EXPECT_NE(*statements.Add(second), number);
  statements.Remove(number);
  EXPECT_EQ(*statements.Add(second), number);
  EXPECT_EQ(statements.Get(number).rule, 2u);
}

TEST(Statements, ABlockReachesInsideOnlyWhereSomeRuleHasNoVerdict) {
  Statements statements;
  const Statement block = {.rule = 1, .verdict = SourceVerdict::kBlock};
  const Statement member = {.rule = 2, .classes = 1};
  EXPECT_FALSE(statements.ReachesInside(block));
  EXPECT_TRUE(statements.ReachesInside(member));
  EXPECT_TRUE(
      statements.ReachesInside({.rule = 3, .verdict = SourceVerdict::kAllow}));
  EXPECT_TRUE(statements.ReachesInside(
      {.rule = 4, .classes = 1, .verdict = SourceVerdict::kBlock}));
  const std::uint32_t number = *statements.Add(member);
  EXPECT_TRUE(statements.ReachesInside(block));
  statements.Set(number, block);
  EXPECT_FALSE(statements.ReachesInside(block));
  statements.Set(number, member);
  statements.Remove(number);
  EXPECT_FALSE(statements.ReachesInside(block));
}

}  // namespace
}  // namespace fwagent::lookup
