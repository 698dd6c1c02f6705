#include "agent/dataplane/slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fwagent::dataplane {
namespace {

bool IsEth0(const std::string& name) { return name == "eth0"; }

TEST(ChooseSlotTest, FindsTheSlotThatAnInterfaceHas) {
  const auto choice = ChooseSlot({"eth0", "", "eth1"}, "eth1", IsEth0);
  ASSERT_TRUE(choice.has_value());
  EXPECT_EQ(choice->index, 2u);
  EXPECT_FALSE(choice->fresh);
}

TEST(ChooseSlotTest, TakesAFreeSlotBeforeThatOfADetachedInterface) {
  const auto choice = ChooseSlot({"old0", "eth0", ""}, "eth1", IsEth0);
  ASSERT_TRUE(choice.has_value());
  EXPECT_EQ(choice->index, 2u);
  EXPECT_TRUE(choice->fresh);
}

TEST(ChooseSlotTest, TakesTheSlotOfADetachedInterfaceWhenNoneIsFree) {
  const auto choice = ChooseSlot({"eth0", "old0"}, "eth1", IsEth0);
  ASSERT_TRUE(choice.has_value());
  EXPECT_EQ(choice->index, 1u);
  EXPECT_TRUE(choice->fresh);
}

TEST(ChooseSlotTest, HasNothingWhenEverySlotIsGuarded) {
  EXPECT_FALSE(ChooseSlot({"eth0"}, "eth1", IsEth0).has_value());
}

}  // namespace
}  // namespace fwagent::dataplane
