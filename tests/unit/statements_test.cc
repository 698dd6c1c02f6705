#include "agent/lookup/statements.h"

#include <gtest/gtest.h>

#include <vector>

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

// Of what ends: every outer meaning that a rule makes, with every inner rule.
TEST(NarrowFold, SaysWhatThePolicySaysOfWhatEnds) {
  constexpr policy::Deadline kDeadlines[] = {policy::kNever, 1, 2,
                                             policy::kForever};
  std::vector<SourceRule> rules;
  for (const SourceVerdict verdict : kVerdicts) {
    for (const policy::Deadline until : kDeadlines) {
      for (const policy::Deadline block_until : kDeadlines) {
        rules.push_back(
            {.verdict = verdict, .until = until, .block_until = block_until});
      }
    }
  }
  for (SourceRule outer : rules) {
    outer.id = outer.block_id = 7;
    const SourceMeaning around = policy::Narrow({}, outer);
    const Fold fold_around = Narrow({}, 7, StatementOf(outer));
    for (SourceRule inner : rules) {
      inner.id = inner.block_id = 8;
      const SourceMeaning meaning = policy::Narrow(around, inner);
      const Fold fold = Narrow(fold_around, 8, StatementOf(inner));
      EXPECT_EQ(fold.verdict, meaning.verdict);
      EXPECT_EQ(fold.number, meaning.rule);
      EXPECT_EQ(fold.until, meaning.until);
      EXPECT_EQ(fold.block_until, meaning.block_until);
      EXPECT_EQ(fold.block_number, meaning.block_rule);
    }
  }
}

TEST(Statements, GivesOutNumbersAgain) {
  Statements statements;
  const Statement first = {.rule = 1, .verdict = SourceVerdict::kBlock};
  const Statement second = {.rule = 2, .verdict = SourceVerdict::kAllow};
  const std::uint32_t number = *statements.Add(first);
  EXPECT_NE(number, 0u);
  const Statement third = {.rule = 3, .verdict = SourceVerdict::kAllow};
  EXPECT_NE(*statements.Add(second), number);
  EXPECT_TRUE(statements.Remove(number));
  EXPECT_EQ(*statements.Add(third), number);
  EXPECT_EQ(statements.Get(number).rule, 3u);
}

// As the entries of a set are.
TEST(Statements, EqualOnesThatCameLatelyShareANumber) {
  Statements statements;
  const Statement entry = {
      .rule = 1, .verdict = SourceVerdict::kBlock, .until = 7};
  Statement later = entry;
  later.until = 8;
  const std::uint32_t number = *statements.Add(entry);
  EXPECT_EQ(*statements.Add({.rule = 2, .classes = 1}), number + 1);
  EXPECT_EQ(*statements.Add(entry), number);
  EXPECT_TRUE(statements.IsShared(number));
  EXPECT_NE(*statements.Add(later), number);
  EXPECT_EQ(statements.size(), 3u);
  EXPECT_FALSE(statements.Remove(number));
  EXPECT_EQ(statements.Get(number), entry);
  EXPECT_TRUE(statements.Remove(number));
  EXPECT_EQ(statements.size(), 2u);
}

TEST(Statements, TheBlockBehindAnAllowHasARuleOfItsOwn) {
  Statements statements;
  const std::uint32_t number =
      *statements.Add({.rule = 1,
                       .verdict = SourceVerdict::kAllow,
                       .until = 7,
                       .block_until = 9,
                       .block_rule = 2});
  EXPECT_EQ(statements.RuleOf(number, SourceVerdict::kAllow), 1u);
  EXPECT_EQ(statements.RuleOf(number, SourceVerdict::kBlock), 2u);
}

TEST(Statements, ABlockReachesInsideWhatEnds) {
  Statements statements;
  const Statement block = {.rule = 1, .verdict = SourceVerdict::kBlock};
  const std::uint32_t number = *statements.Add(
      {.rule = 2, .verdict = SourceVerdict::kBlock, .until = 7});
  EXPECT_TRUE(statements.ReachesInside(block));
  statements.Remove(number);
  EXPECT_FALSE(statements.ReachesInside(block));
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
  EXPECT_TRUE(statements.Remove(number));
  EXPECT_FALSE(statements.ReachesInside(block));
}

}  // namespace
}  // namespace fwagent::lookup
