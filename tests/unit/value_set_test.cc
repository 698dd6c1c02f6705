#include "agent/policy/value_set.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace fwagent::policy {
namespace {

std::string Normalized(std::vector<ValueRange> ranges) {
  Normalize(ranges);
  return ValueSet{.ranges = ranges}.ToString();
}

TEST(ValueSet, NormalizeJoinsWhatOverlapsOrTouches) {
  EXPECT_EQ(Normalized({}), "");
  EXPECT_EQ(Normalized({{7, 7}}), "7");
  EXPECT_EQ(Normalized({{80, 90}, {22, 22}}), "22,80-90");
  EXPECT_EQ(Normalized({{1, 5}, {3, 9}}), "1-9");
  EXPECT_EQ(Normalized({{1, 9}, {3, 5}}), "1-9");
  EXPECT_EQ(Normalized({{6, 9}, {1, 5}}), "1-9");
  EXPECT_EQ(Normalized({{7, 9}, {1, 5}}), "1-5,7-9");
  EXPECT_EQ(Normalized({{4, 4}, {4, 4}}), "4");
  EXPECT_EQ(Normalized({{65535, 65535}, {0, 0}}), "0,65535");
}

TEST(ValueSet, AcceptsItsRangesAndNothingElse) {
  ValueSet set{.ranges = {{0, 0}, {22, 22}, {80, 90}}};
  EXPECT_EQ(set.ToString(), "0,22,80-90");
  for (const std::uint32_t value : {0U, 22U, 80U, 85U, 90U}) {
    EXPECT_TRUE(set.Accepts(value)) << value;
  }
  for (const std::uint32_t value : {1U, 21U, 23U, 79U, 91U, 65535U}) {
    EXPECT_FALSE(set.Accepts(value)) << value;
  }
  set.negated = true;
  EXPECT_EQ(set.ToString(), "!0,22,80-90");
  EXPECT_FALSE(set.Accepts(0));
  EXPECT_FALSE(set.Accepts(90));
  EXPECT_TRUE(set.Accepts(91));
}

TEST(ValueSet, IsEmptyWithoutRanges) {
  EXPECT_TRUE(ValueSet().empty());
  EXPECT_FALSE((ValueSet{.ranges = {{0, 0}}}).empty());
  EXPECT_NE((ValueSet{.ranges = {{0, 0}}}),
            (ValueSet{.ranges = {{0, 0}}, .negated = true}));
}

}  // namespace
}  // namespace fwagent::policy
