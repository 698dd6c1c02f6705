// Words of ordered rules at random.
#include <gtest/gtest.h>

#include <string>

#include "agent/policy/packet_match.h"
#include "tests/support/dice.h"
#include "tests/support/random_match.h"

namespace fwagent::policy {
namespace {

using fwagent::testing::Dice;
using fwagent::testing::RandomMatch;

TEST(PacketMatchRandom, CanonicalWordsSayTheSameAndStay) {
  Dice dice(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = RandomMatch(dice);
    const auto match = PacketMatch::Parse(text, 5);
    ASSERT_TRUE(match.ok()) << text << ": " << match.status();
    const auto again = PacketMatch::Parse(match->text(), 5);
    ASSERT_TRUE(again.ok()) << match->text() << ": " << again.status();
    ASSERT_EQ(again->text(), match->text()) << text;
    ASSERT_EQ(again->conditions(), match->conditions()) << text;
  }
}

// What is not understood is an error, and nothing worse.
TEST(PacketMatchRandom, AnyTextIsReadOrRefused) {
  constexpr char kLetters[] = "from to!@,/-0125.:*aS \tanyrateburst\x01\xff";
  Dice dice(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = dice.OneIn(2) ? RandomMatch(dice) : "";
    for (auto n = dice.Between(1, 6); n > 0; --n) {
      text.insert(dice.Below(text.size() + 1), 1,
                  kLetters[dice.Below(sizeof(kLetters) - 1)]);
    }
    const auto match = PacketMatch::Parse(text, 5);
    if (!match.ok()) {
      ASSERT_EQ(match.status().code(), absl::StatusCode::kInvalidArgument);
      ASSERT_FALSE(match.status().message().empty());
      continue;
    }
    const auto again = PacketMatch::Parse(match->text(), 5);
    ASSERT_TRUE(again.ok()) << match->text() << ": " << again.status();
    ASSERT_EQ(again->text(), match->text()) << text;
  }
}

}  // namespace
}  // namespace fwagent::policy
