#include "agent/lookup/chunk_image.h"

#include <algorithm>

namespace fwagent::lookup {
namespace {

bool IsCovered(std::uint32_t entry) {
  return entry != 0 && entry != kLookLonger;
}

// Calls visit(place, entry) where the covered places change their entry.
template <typename Visit>
void ForEachRun(const ChunkImage& image, const Visit& visit) {
  std::uint32_t last = 0;
  for (std::uint32_t place = 0; place < FW_CHUNK_PLACES; ++place) {
    if (!IsCovered(image[place]) || image[place] == last) continue;
    last = image[place];
    visit(place, last);
  }
}

bool Bit(const __u64* words, std::uint32_t place) {
  return words[place / 64] >> place % 64 & 1;
}

void SetBit(__u64* words, std::uint32_t place) {
  words[place / 64] |= std::uint64_t{1} << place % 64;
}

}  // namespace

bool IsUniform(const ChunkImage& image) {
  const std::uint32_t kind = fw_kind_of(image[0]);
  return kind != FW_ENTRY_SUBTREE && kind != FW_ENTRY_LENGTHS &&
         std::all_of(image.begin(), image.end(), [&image](std::uint32_t entry) {
           return entry == image[0];
         });
}

std::uint32_t ChunkLines(const ChunkImage& image) {
  std::uint32_t runs = 0;
  ForEachRun(image, [&runs](std::uint32_t, std::uint32_t) { ++runs; });
  return 1 + (runs + FW_LINE_ENTRIES - 1) / FW_LINE_ENTRIES;
}

void EncodeChunk(const ChunkImage& image, Line* lines) {
  fw_chunk chunk{};
  for (std::uint32_t place = 0; place < FW_CHUNK_PLACES; ++place) {
    if (IsCovered(image[place])) SetBit(chunk.covered, place);
    if (image[place] == kLookLonger) SetBit(chunk.longer, place);
  }
  std::uint32_t runs = 0;
  ForEachRun(image, [&](std::uint32_t place, std::uint32_t entry) {
    SetBit(chunk.longer, place);
    lines[1 + runs / FW_LINE_ENTRIES].entries[runs % FW_LINE_ENTRIES] = entry;
    ++runs;
  });
  lines[0].chunk = chunk;
}

ChunkImage DecodeChunk(const Line* lines) {
  ChunkImage image{};
  const fw_chunk& chunk = lines[0].chunk;
  std::uint32_t runs = 0;
  for (std::uint32_t place = 0; place < FW_CHUNK_PLACES; ++place) {
    const bool longer = Bit(chunk.longer, place);
    if (Bit(chunk.covered, place)) {
      if (longer) ++runs;
      image[place] = lines[1 + (runs - 1) / FW_LINE_ENTRIES]
                         .entries[(runs - 1) % FW_LINE_ENTRIES];
    } else if (longer) {
      image[place] = kLookLonger;
    }
  }
  return image;
}

fw_parts PartsOf(const ChunkImage& image) {
  fw_parts parts{};
  for (std::uint32_t place = 0; place < FW_CHUNK_PLACES; ++place) {
    if (image[place] != 0) SetBit(parts.used, place / FW_PART_PLACES);
  }
  return parts;
}

}  // namespace fwagent::lookup
