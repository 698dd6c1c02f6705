#include "agent/lookup/front.h"

#include <gtest/gtest.h>

#include "tests/support/heap_line_memory.h"

namespace fwagent::lookup {
namespace {

using testing::HeapLineMemory;

constexpr std::uint32_t kTop = 0xc0a80000;
constexpr std::uint32_t kBlock = FW_ENTRY_BLOCK << FW_ENTRY_PAYLOAD_BITS;
constexpr std::uint32_t kAllow = FW_ENTRY_ALLOW << FW_ENTRY_PAYLOAD_BITS;

class FrontTest : public ::testing::Test {
 protected:
  FrontTest() { EXPECT_TRUE(front_.Reserve(kTop).ok()); }

  fw_front StateAt(std::uint32_t place) {
    fw_generation generation{};
    front_.Describe(generation);
    const std::uint32_t line =
        generation.front_slabs[kTop >> 28] * FW_SLAB_LINES |
        (kTop >> 16) % FW_SLAB_LINES;
    const __u64 word = memory_.line(line)->words[place / FW_FRONT_PLACES];
    return static_cast<fw_front>(
        word >> place % FW_FRONT_PLACES * FW_FRONT_BITS & 3);
  }
  // Of the /22 that holds this place.
  bool IsUsed(std::uint32_t place) {
    return memory_.used()[kTop >> 16] >> place / FW_USED_PLACES & 1;
  }
  void Write(const ChunkImage& image) {
    front_.Doubt(kTop, FrontOf(ChunkRuns(image)));
    front_.Settle(kTop, FrontOf(ChunkRuns(image)));
  }

  HeapLineMemory memory_;
  Front front_{&memory_};
};

TEST_F(FrontTest, SaysWhatTheWholeOfAPlaceIs) {
  ChunkImage image{};
  image[1] = kBlock | 7;
  image[100] = kLookLonger;
  image[101] = kAllow | 7;
  image[255] = FW_ENTRY_SUBTREE << FW_ENTRY_PAYLOAD_BITS;
  Write(image);
  EXPECT_EQ(StateAt(0), FW_FRONT_NOTHING);
  EXPECT_EQ(StateAt(1), FW_FRONT_BLOCK);
  EXPECT_EQ(StateAt(100), FW_FRONT_HOSTS);
  EXPECT_EQ(StateAt(101), FW_FRONT_LOOK);
  EXPECT_EQ(StateAt(255), FW_FRONT_LOOK);
}

TEST_F(FrontTest, OneEntryForAllPlacesIsThatOfEach) {
  for (const std::uint32_t entry : {0u, kBlock | 7, kAllow | 7}) {
    ChunkImage image;
    image.fill(entry);
    EXPECT_EQ(FrontOf(entry), FrontOf(ChunkRuns(image)));
  }
}

// Between the two steps readers may see the old table or the new one.
TEST_F(FrontTest, InDoubtAPlaceThatChangesIsLookedUp) {
  front_.GoLive();
  ChunkImage image{};
  image[1] = kBlock | 7;
  image[2] = kBlock | 7;
  Write(image);
  image[1] = 0;
  image[3] = kLookLonger;
  front_.Doubt(kTop, FrontOf(ChunkRuns(image)));
  EXPECT_EQ(StateAt(0), FW_FRONT_NOTHING);
  EXPECT_EQ(StateAt(1), FW_FRONT_LOOK);
  EXPECT_EQ(StateAt(2), FW_FRONT_BLOCK);
  EXPECT_EQ(StateAt(3), FW_FRONT_LOOK);
  front_.Settle(kTop, FrontOf(ChunkRuns(image)));
  EXPECT_EQ(StateAt(1), FW_FRONT_NOTHING);
  EXPECT_EQ(StateAt(3), FW_FRONT_HOSTS);
}

TEST_F(FrontTest, WhatIsUsedIsToldBeforeAndTakenBackAfter) {
  front_.GoLive();
  ChunkImage image{};
  image[7] = kBlock | 7;
  front_.Doubt(kTop, FrontOf(ChunkRuns(image)));
  EXPECT_FALSE(IsUsed(0));
  EXPECT_TRUE(IsUsed(4));
  front_.Settle(kTop, FrontOf(ChunkRuns(image)));
  EXPECT_TRUE(IsUsed(4));
  image[7] = 0;
  front_.Doubt(kTop, FrontOf(ChunkRuns(image)));
  EXPECT_TRUE(IsUsed(4));
  front_.Settle(kTop, FrontOf(ChunkRuns(image)));
  EXPECT_FALSE(IsUsed(4));
}

// The live one beside it may still say something there.
TEST_F(FrontTest, ATableThatIsBeingBuiltTakesNothingBack) {
  memory_.used()[kTop >> 16] = ~0ull;
  Write(ChunkImage{});
  EXPECT_TRUE(IsUsed(0));
  NarrowUsed(memory_, &front_);
  EXPECT_FALSE(IsUsed(0));
}

TEST_F(FrontTest, NothingIsUsedWithoutATable) {
  memory_.used()[0] = 1;
  memory_.used()[FW_ROOT_WORDS - 1] = 1;
  NarrowUsed(memory_, nullptr);
  EXPECT_EQ(memory_.used()[0], 0u);
  EXPECT_EQ(memory_.used()[FW_ROOT_WORDS - 1], 0u);
}

TEST_F(FrontTest, TakesOneSlabForASixteenthOfTheAddresses) {
  EXPECT_TRUE(front_.Has(0xcfff0000));
  EXPECT_FALSE(front_.Has(0xbfff0000));
  EXPECT_FALSE(front_.Has(0xd0000000));
  EXPECT_EQ(front_.slabs().size(), 1u);
  ASSERT_TRUE(front_.Reserve(0xc0000000).ok());
  EXPECT_EQ(front_.slabs().size(), 1u);
  ASSERT_TRUE(front_.Reserve(0xd0000000).ok());
  EXPECT_EQ(front_.slabs().size(), 2u);
}

TEST_F(FrontTest, WithoutMemoryNothingIsReserved) {
  memory_.set_slab_limit(1);
  EXPECT_EQ(front_.Reserve(0).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(front_.Has(0));
}

}  // namespace
}  // namespace fwagent::lookup
