#include "agent/policy/unreachable_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace fwagent::policy {
namespace {

using ::testing::ElementsAre;

constexpr std::optional<std::size_t> kNone;

JudgedRule Rule(absl::string_view text, Action action = Action::kDrop,
                absl::Time until = absl::InfiniteFuture()) {
  return {*PacketMatch::Parse(text, kDefaultOrder), action, until};
}

TEST(UnreachableRules, TheFirstRuleThatCoversIsNamed) {
  EXPECT_THAT(FindUnreachable({Rule("from 10.0.0.0/8"),
                               Rule("from 10.1.0.0/16", Action::kPass),
                               Rule("any"), Rule("from 10.1.2.0/24"),
                               Rule("from 192.0.2.1", Action::kReject)}),
              ElementsAre(kNone, 0, kNone, 0, 2));
  EXPECT_THAT(
      FindUnreachable({Rule("from 10.1.0.0/16"), Rule("from 10.0.0.0/8")}),
      ElementsAre(kNone, kNone));
}

TEST(UnreachableRules, OnlyWhatDecidesCovers) {
  const JudgedRule inner = Rule("proto tcp dport 22");
  for (const Action action : {Action::kDrop, Action::kPass, Action::kReject}) {
    EXPECT_THAT(FindUnreachable({Rule("proto tcp", action), inner}),
                ElementsAre(kNone, 0));
    EXPECT_THAT(FindUnreachable({Rule("proto tcp shadow", action), inner}),
                ElementsAre(kNone, kNone));
  }
  const JudgedRule limit = Rule("proto tcp rate 9/second", Action::kLimit);
  EXPECT_THAT(FindUnreachable({limit, inner}), ElementsAre(kNone, kNone));
  // They never come into it either.
  EXPECT_THAT(FindUnreachable({Rule("any"), limit, Rule("proto tcp shadow")}),
              ElementsAre(kNone, 0, 0));
}

TEST(UnreachableRules, WhatEndsEarlierCoversForAWhileOnly) {
  const absl::Time early = absl::FromUnixSeconds(1'000);
  const absl::Time late = absl::FromUnixSeconds(2'000);
  const auto found = [](absl::Time outer, absl::Time inner) {
    return FindUnreachable({Rule("any", Action::kDrop, outer),
                            Rule("proto tcp", Action::kDrop, inner)})[1]
        .has_value();
  };
  EXPECT_TRUE(found(absl::InfiniteFuture(), early));
  EXPECT_TRUE(found(late, early));
  EXPECT_TRUE(found(late, late));
  EXPECT_FALSE(found(early, late));
  EXPECT_FALSE(found(late, absl::InfiniteFuture()));
  // The first one does not last; the second one does.
  EXPECT_THAT(FindUnreachable({Rule("any", Action::kDrop, early),
                               Rule("proto tcp"), Rule("proto tcp dport 22")}),
              ElementsAre(kNone, kNone, 1));
}

// As many as there can be, none like another, and the one at the end is found.
TEST(UnreachableRules, AsManyAsThereCanBe) {
  std::vector<JudgedRule> rules;
  for (int i = 0; i < 4095; ++i) {
    rules.push_back(Rule(absl::StrCat("from 10.", i / 256, ".", i % 256,
                                      ".0/24 proto tcp dport ", 1 + i)));
  }
  rules.push_back(Rule("from 10.7.7.7 proto tcp dport 1800"));
  const auto found = FindUnreachable(rules);
  for (std::size_t i = 0; i < 4095; ++i) ASSERT_EQ(found[i], kNone) << i;
  EXPECT_EQ(found[4095], 7 * 256 + 7);
}

// Lists that begin and end alike must be compared; there is an end to it.
TEST(UnreachableRules, LongListsTakeNoSquareOfTime) {
  std::vector<JudgedRule> rules;
  for (int i = 0; i < 4096; ++i) {
    std::string text = "from 10.0.0.0/32";
    for (int k = 1; k < 120; ++k) {
      absl::StrAppend(&text, ",10.1.", 2 * k, ".", (i >> k % 12) & 1);
    }
    rules.push_back(Rule(absl::StrCat(text, ",10.9.0.0")));
  }
  EXPECT_EQ(FindUnreachable(rules).size(), 4096u);
}

}  // namespace
}  // namespace fwagent::policy
