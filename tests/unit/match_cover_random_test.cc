// What is said to cover is asked by packets at random.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/policy/match_cover.h"
#include "tests/support/dice.h"
#include "tests/support/random_match.h"

namespace fwagent::policy {
namespace {

using fwagent::testing::Dice;
using fwagent::testing::Holds;
using fwagent::testing::PacketFacts;
using fwagent::testing::RandomMatch;
using fwagent::testing::RandomPacket;
using fwagent::testing::RandomSets;
using fwagent::testing::SetContents;

// A rule much like another: rules made apart seldom cover each other. A word
// says something else, or a list has another element, or is negated; or a
// condition is left out.
std::string Changed(Dice& dice, const std::string& text) {
  std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  const std::vector<std::string> others =
      absl::StrSplit(RandomMatch(dice), ' ', absl::SkipEmpty());
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    if (dice.OneIn(3)) continue;
    for (std::size_t k = 0; k + 1 < others.size(); k += 2) {
      if (others[k] != words[i] || others[k + 1][0] == '!') continue;
      if (words[i + 1] == "any" || others[k + 1] == "any") continue;
      words[i + 1] = absl::StrCat(words[i + 1], ",", others[k + 1]);
    }
    if (dice.OneIn(8) && words[i + 1] != "any") {
      words[i + 1] = words[i + 1][0] == '!' ? words[i + 1].substr(1)
                                            : absl::StrCat("!", words[i + 1]);
    }
  }
  if (dice.OneIn(3) && words.size() > 2) {
    const auto at =
        static_cast<std::ptrdiff_t>(2 * dice.Below(words.size() / 2));
    words.erase(words.begin() + at, words.begin() + at + 2);
  }
  return absl::StrJoin(words, " ");
}

struct Pair {
  PacketMatch outer;
  PacketMatch inner;
};

std::vector<Pair> RandomCovers(Dice& dice, std::size_t tries) {
  std::vector<Pair> covers;
  for (std::size_t i = 0; i < tries; ++i) {
    const std::string text = RandomMatch(dice);
    const auto inner = PacketMatch::Parse(text, 5);
    const auto outer = PacketMatch::Parse(
        dice.OneIn(4) ? RandomMatch(dice) : Changed(dice, text), 5);
    if (!inner.ok() || !outer.ok()) continue;
    if (Covers(*outer, *inner)) covers.push_back({*outer, *inner});
    if (Covers(*inner, *outer)) covers.push_back({*inner, *outer});
  }
  return covers;
}

TEST(MatchCoverRandom, NoPacketMatchesTheInnerOneAlone) {
  Dice dice(1);
  const std::vector<Pair> covers = RandomCovers(dice, 6'000);
  EXPECT_GT(covers.size(), 1'000u);
  std::size_t matched = 0;
  for (const auto& [outer, inner] : covers) {
    const SetContents sets = RandomSets(dice);
    for (int i = 0; i < 100; ++i) {
      const PacketFacts packet = RandomPacket(dice);
      if (!Holds(inner.conditions(), sets, packet)) continue;
      ++matched;
      ASSERT_TRUE(Holds(outer.conditions(), sets, packet))
          << outer.text() << " covers " << inner.text();
    }
  }
  EXPECT_GT(matched, 1'000u);
}

}  // namespace
}  // namespace fwagent::policy
