#include "agent/policy/source_rule.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace fwagent::policy
