#include "agent/lookup/chunk_image.h"

#include <gtest/gtest.h>

#include <array>

#include "agent/lookup/line_arena.h"

namespace fwagent::lookup {
namespace {

using Lines = std::array<Line, LineArena::kMaxRun>;

constexpr std::uint32_t kBlock = FW_ENTRY_BLOCK << FW_ENTRY_PAYLOAD_BITS;

// Each place by another rule: as many entries as a chunk can have.
ChunkImage Motley() {
  ChunkImage image;
  for (std::uint32_t place = 0; place < image.size(); ++place) {
    image[place] = kBlock | (place + 1);
  }
  return image;
}

void ExpectRoundTrip(const ChunkImage& image, std::uint32_t line_count) {
  Lines lines{};
  EXPECT_EQ(ChunkLines(ChunkRuns(image)), line_count);
  EncodeChunk(ChunkRuns(image), lines.data());
  EXPECT_EQ(DecodeChunk(lines.data()), image);
}

TEST(ChunkImage, HoldsAnotherEntryForEachPlace) {
  ExpectRoundTrip(Motley(), LineArena::kMaxRun);
}

TEST(ChunkImage, NeighboursThatSayTheSameShareAnEntry) {
  ChunkImage image{};
  for (std::uint32_t place = 10; place < 200; ++place) image[place] = kBlock;
  ExpectRoundTrip(image, 2);
}

// What lies between two places does not make them two.
TEST(ChunkImage, GapsAreKept) {
  ChunkImage image{};
  for (std::uint32_t place = 0; place < image.size(); place += 3) {
    image[place] = kBlock | 7;
    image[(place + 1) % image.size()] = kLookLonger;
  }
  Lines lines{};
  EncodeChunk(ChunkRuns(image), lines.data());
  EXPECT_EQ(DecodeChunk(lines.data()), image);
}

TEST(ChunkImage, HostsAloneTakeNoEntry) {
  ChunkImage image{};
  image[0] = image[63] = image[64] = image[255] = kLookLonger;
  ExpectRoundTrip(image, 1);
}

TEST(ChunkImage, IsUniformWhenItNeedsNoChunk) {
  ChunkImage image{};
  EXPECT_TRUE(ChunkRuns(image).IsUniform());
  image.fill(kBlock);
  EXPECT_TRUE(ChunkRuns(image).IsUniform());
  image[255] = kBlock | 1;
  EXPECT_FALSE(ChunkRuns(image).IsUniform());
  image.fill(kLookLonger);
  EXPECT_FALSE(ChunkRuns(image).IsUniform());
}

}  // namespace
}  // namespace fwagent::lookup
