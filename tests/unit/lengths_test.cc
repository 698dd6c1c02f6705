#include "agent/lookup/lengths.h"

#include <gtest/gtest.h>

#include <vector>

namespace fwagent::lookup {
namespace {

std::uint64_t Packed(const std::vector<int>& lengths) {
  std::uint64_t packed = 0;
  for (const int length : lengths) packed = WithLength(packed, length);
  return packed;
}

TEST(Lengths, AreLongestFirstWhateverTheOrder) {
  EXPECT_EQ(Packed({25, 32, 28}), Packed({32, 28, 25}));
  EXPECT_EQ(Packed({25, 32, 28}) & 0xff, 32u - FW_CHUNK_LENGTH);
  EXPECT_EQ(Packed({25, 32, 28}) >> 16, 25u - FW_CHUNK_LENGTH);
}

TEST(Lengths, HoldEight) {
  const std::vector<int> all = {25, 128, 33, 64, 48, 127, 96, 32};
  const std::uint64_t packed = Packed(all);
  EXPECT_EQ(CountLengths(packed), FW_SUBTREE_LENGTHS);
  for (const int length : all) EXPECT_TRUE(HasLength(packed, length));
  for (const int length : {26, 31, 65, 126}) {
    EXPECT_FALSE(HasLength(packed, length));
  }
}

TEST(Lengths, AreNoneAtFirst) {
  EXPECT_EQ(CountLengths(0), 0);
  EXPECT_FALSE(HasLength(0, 32));
  EXPECT_EQ(CountLengths(Packed({25})), 1);
}

TEST(LengthsEntry, SaysWhatTheSubtreeSays) {
  for (const std::vector<int>& lengths :
       {std::vector<int>{25}, {32, 128}, {25, 26, 127, 128}}) {
    const fw_subtree subtree = {.lengths = Packed(lengths)};
    const std::uint32_t entry = LengthsEntry(subtree);
    EXPECT_EQ(fw_kind_of(entry), std::uint32_t{FW_ENTRY_LENGTHS});
    EXPECT_EQ(SubtreeOfLengths(entry).lengths, subtree.lengths);
  }
}

TEST(LengthsEntry, IsNoneWhereThereIsMoreToSay) {
  EXPECT_EQ(LengthsEntry({.lengths = Packed({25, 26, 27, 28, 29})}), 0u);
  EXPECT_EQ(LengthsEntry({.lengths = Packed({32}), .background = 1}), 0u);
  EXPECT_EQ(LengthsEntry({.lengths = Packed({32}), .split = 32}), 0u);
  EXPECT_NE(LengthsEntry({.lengths = Packed({32})}), 0u);
}

}  // namespace
}  // namespace fwagent::lookup
