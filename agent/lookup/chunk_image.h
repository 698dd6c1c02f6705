// One chunk as a list, and as the lines that readers see.
#ifndef FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_
#define FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// The entry of places whose only prefixes are of 32 bits.
inline constexpr std::uint32_t kLookLonger =
    FW_ENTRY_LENGTHS << FW_ENTRY_PAYLOAD_BITS | (32 - FW_CHUNK_LENGTH);

// The entries of the /24s of a /16, 0 for nothing.
using ChunkImage = std::array<std::uint32_t, FW_CHUNK_PLACES>;

// The same, by places that follow each other and say the same: few of them,
// as a rule, and nobody has to look at every place again.
class ChunkRuns {
 public:
  struct Run {
    std::uint32_t first;
    std::uint32_t end;  // one behind the last
    std::uint32_t entry;
  };

  explicit ChunkRuns(const ChunkImage& image);

  const Run* begin() const { return runs_.data(); }
  const Run* end() const { return runs_.data() + count_; }

  // Whether all places say the same and no chunk is needed.
  bool IsUniform() const;

 private:
  std::size_t count_ = 0;
  std::array<Run, FW_CHUNK_PLACES> runs_;
};

// Sets, in the bits [first, end) of these words, those that a word of this
// pattern has there.
void SetBits(std::uint32_t first, std::uint32_t end, std::uint64_t pattern,
             std::uint64_t* words);

// How many lines EncodeChunk writes.
std::uint32_t ChunkLines(const ChunkRuns& runs);

// Writes a chunk that no reader can reach yet. Its lines follow each other.
void EncodeChunk(const ChunkRuns& runs, Line* lines);

// The reverse.
ChunkImage DecodeChunk(const Line* lines);

// Which /23s have a place that says something.
fw_parts PartsOf(const ChunkImage& image);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_
