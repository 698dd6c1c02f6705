#include "agent/policy/source_rule.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace fwagent::policy {
namespace {

constexpr SourceMeaning kNothing = {};
constexpr SourceMeaning kBlocked = {SourceVerdict::kBlock, 1, 0b01};
constexpr SourceMeaning kAllowed = {SourceVerdict::kAllow, 2, 0b10};

// The prefix plays no part.
SourceRule Saying(SourceVerdict verdict, RuleId id, SourceClasses classes = 0) {
  return {.prefix = {}, .id = id, .verdict = verdict, .classes = classes};
}

TEST(Narrow, ABlockInsideNothingOrABlockNamesItsOwnRule) {
  const SourceRule inner = Saying(SourceVerdict::kBlock, 7);
  EXPECT_EQ(Narrow(kNothing, inner),
            (SourceMeaning{SourceVerdict::kBlock, 7, 0}));
  EXPECT_EQ(Narrow(kBlocked, inner),
            (SourceMeaning{SourceVerdict::kBlock, 7, 0b01}));
}

TEST(Narrow, ABlockInsideAnAllowIsInVain) {
  EXPECT_EQ(Narrow(kAllowed, Saying(SourceVerdict::kBlock, 7)), kAllowed);
}

TEST(Narrow, AnAllowBeatsWhateverItIsIn) {
  const SourceRule inner = Saying(SourceVerdict::kAllow, 7);
  EXPECT_EQ(Narrow(kNothing, inner),
            (SourceMeaning{SourceVerdict::kAllow, 7, 0}));
  EXPECT_EQ(Narrow(kBlocked, inner),
            (SourceMeaning{SourceVerdict::kAllow, 7, 0b01}));
  EXPECT_EQ(Narrow(kAllowed, inner),
            (SourceMeaning{SourceVerdict::kAllow, 7, 0b10}));
}

TEST(Narrow, MembershipAloneLeavesVerdictAndRule) {
  const SourceRule inner = Saying(SourceVerdict::kNone, 7, 0b100);
  EXPECT_EQ(Narrow(kNothing, inner),
            (SourceMeaning{SourceVerdict::kNone, 0, 0b100}));
  EXPECT_EQ(Narrow(kBlocked, inner),
            (SourceMeaning{SourceVerdict::kBlock, 1, 0b101}));
}

TEST(Narrow, ClassesAddUpEvenUnderAVerdictInVain) {
  EXPECT_EQ(Narrow(kAllowed, Saying(SourceVerdict::kBlock, 7, 0b101)).classes,
            0b111u);
}

SourceRule Ending(SourceVerdict verdict, RuleId id, Deadline until) {
  return {.prefix = {}, .id = id, .verdict = verdict, .until = until};
}

// What is said at ticks 0, 10 and 20 by rules of which each is inside the one
// before it.
std::vector<SourceVerdict> Verdicts(const std::vector<SourceRule>& rules) {
  SourceMeaning meaning;
  for (const SourceRule& rule : rules) meaning = Narrow(meaning, rule);
  return {meaning.VerdictAt(0), meaning.VerdictAt(10), meaning.VerdictAt(20)};
}

TEST(Narrow, WhatEndsIsInForceWhileTheTickIsSmaller) {
  constexpr auto kNone = SourceVerdict::kNone;
  constexpr auto kBlock = SourceVerdict::kBlock;
  constexpr auto kAllow = SourceVerdict::kAllow;
  using Row = std::pair<std::vector<SourceRule>, std::vector<SourceVerdict>>;
  const Row rows[] = {
      {{Ending(kBlock, 1, 10)}, {kBlock, kNone, kNone}},
      {{Ending(kBlock, 1, 11)}, {kBlock, kBlock, kNone}},
      {{Ending(kBlock, 1, kNever)}, {kNone, kNone, kNone}},
      {{Ending(kBlock, 1, kForever)}, {kBlock, kBlock, kBlock}},
      {{Ending(kBlock, 1, kForever), Ending(kBlock, 2, 10)},
       {kBlock, kBlock, kBlock}},
      {{Ending(kBlock, 1, kForever), Ending(kAllow, 2, 10)},
       {kAllow, kBlock, kBlock}},
      {{Ending(kAllow, 1, 10), Ending(kBlock, 2, 20)}, {kAllow, kBlock, kNone}},
      {{Ending(kAllow, 1, 20), Ending(kBlock, 2, 10)}, {kAllow, kAllow, kNone}},
      {{Ending(kAllow, 1, 20), Ending(kAllow, 2, 10)}, {kAllow, kAllow, kNone}},
  };
  for (const auto& [rules, expected] : rows) {
    EXPECT_EQ(Verdicts(rules), expected);
    if (rules.size() != 2 || rules[0].verdict == rules[1].verdict) continue;
    EXPECT_EQ(Verdicts({rules[1], rules[0]}), expected)
        << "the length is all one to an allow and a block";
  }
}

TEST(Narrow, WhatNobodyCanSeeIsLeftOut) {
  const SourceMeaning allowed = Narrow({}, Saying(SourceVerdict::kAllow, 1));
  EXPECT_EQ(Narrow(allowed, Ending(SourceVerdict::kBlock, 2, 10)), allowed);
  const SourceMeaning ends = Narrow({}, Ending(SourceVerdict::kAllow, 1, 10));
  EXPECT_EQ(Narrow(ends, Ending(SourceVerdict::kBlock, 2, 10)), ends);
  EXPECT_NE(Narrow(ends, Ending(SourceVerdict::kBlock, 2, 11)), ends);
  EXPECT_EQ(Narrow(kBlocked, Ending(SourceVerdict::kAllow, 2, kNever)),
            kBlocked);
}

TEST(Narrow, ABlockBehindAnAllowOfTheSamePrefixIsUncovered) {
  const SourceRule both = {.prefix = {},
                           .id = 1,
                           .verdict = SourceVerdict::kAllow,
                           .until = 10,
                           .block_until = kForever,
                           .block_id = 2};
  const SourceMeaning meaning = Narrow({}, both);
  EXPECT_EQ(meaning.VerdictAt(9), SourceVerdict::kAllow);
  EXPECT_EQ(meaning.VerdictAt(10), SourceVerdict::kBlock);
  EXPECT_EQ(meaning.rule, 1u);
  EXPECT_EQ(meaning.block_rule, 2u);
}

}  // namespace
}  // namespace fwagent::policy
