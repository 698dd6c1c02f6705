#include "agent/lookup/chunk_image.h"

#include <algorithm>

namespace fwagent::lookup {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

bool IsCovered(std::uint32_t entry) {
  return entry != 0 && entry != kLookLonger;
}

// Calls visit(run, whether it has an entry of its own) for the covered ones:
// behind a gap the same entry goes on.
template <typename Visit>
void ForEachCovered(const ChunkRuns& runs, const Visit& visit) {
  std::uint32_t last = 0;
  for (const ChunkRuns::Run& run : runs) {
    if (!IsCovered(run.entry)) continue;
    visit(run, run.entry != last);
    last = run.entry;
  }
}

bool Bit(const __u64* words, std::uint32_t place) {
  return words[place / 64] >> place % 64 & 1;
}

}  // namespace

ChunkRuns::ChunkRuns(const ChunkImage& image) {
  std::uint32_t first = 0;
  for (std::uint32_t place = 1; place < FW_CHUNK_PLACES; ++place) {
    if (image[place] == image[first]) continue;
    runs_[count_++] = {first, place, image[first]};
    first = place;
  }
  runs_[count_++] = {first, FW_CHUNK_PLACES, image[first]};
}

bool ChunkRuns::IsUniform() const {
  const std::uint32_t kind = fw_kind_of(runs_[0].entry);
  return count_ == 1 && kind != FW_ENTRY_SUBTREE && kind != FW_ENTRY_LENGTHS;
}

void SetBits(std::uint32_t first, std::uint32_t end, std::uint64_t pattern,
             std::uint64_t* words) {
  for (std::uint32_t bit = first; bit < end; bit = (bit / 64 + 1) * 64) {
    const std::uint64_t from = kAll << bit % 64;
    const std::uint64_t to = end - bit / 64 * 64 < 64 ? kAll << end % 64 : 0;
    words[bit / 64] |= pattern & from & ~to;
  }
}

std::uint32_t ChunkLines(const ChunkRuns& runs) {
  std::uint32_t entries = 0;
  ForEachCovered(runs, [&entries](const ChunkRuns::Run&, bool has_entry) {
    entries += has_entry;
  });
  return 1 + (entries + FW_LINE_ENTRIES - 1) / FW_LINE_ENTRIES;
}

void EncodeChunk(const ChunkRuns& runs, Line* lines) {
  std::array<std::uint64_t, FW_CHUNK_WORDS> covered{};
  std::array<std::uint64_t, FW_CHUNK_WORDS> longer{};
  std::uint32_t entries = 0;
  ForEachCovered(runs, [&](const ChunkRuns::Run& run, bool has_entry) {
    SetBits(run.first, run.end, kAll, covered.data());
    if (!has_entry) return;
    SetBits(run.first, run.first + 1, kAll, longer.data());
    lines[1 + entries / FW_LINE_ENTRIES].entries[entries % FW_LINE_ENTRIES] =
        run.entry;
    ++entries;
  });
  for (const ChunkRuns::Run& run : runs) {
    if (run.entry != kLookLonger) continue;
    SetBits(run.first, run.end, kAll, longer.data());
  }
  fw_chunk& chunk = lines[0].chunk;
  std::copy(covered.begin(), covered.end(), chunk.covered);
  std::copy(longer.begin(), longer.end(), chunk.longer);
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
    if (image[place] != 0) {
      const std::uint32_t part = place / FW_PART_PLACES;
      parts.used[part / 64] |= std::uint64_t{1} << part % 64;
    }
  }
  return parts;
}

}  // namespace fwagent::lookup
