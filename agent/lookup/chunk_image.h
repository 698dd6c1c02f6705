// One chunk as a list, and as the lines that readers see.
#ifndef FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_
#define FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_

#include <array>
#include <cstdint>

#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// The places of a chunk whose only prefixes are of 32 bits, in the buckets. No
// entry has this value.
inline constexpr std::uint32_t kLookLonger = FW_ENTRY_CHUNK
                                             << FW_ENTRY_PAYLOAD_BITS;

// For each /24 of a /16 its entry, 0, or kLookLonger.
using ChunkImage = std::array<std::uint32_t, FW_CHUNK_PLACES>;

// Whether all places say the same and no chunk is needed.
bool IsUniform(const ChunkImage& image);

// How many lines EncodeChunk writes.
std::uint32_t ChunkLines(const ChunkImage& image);

// Writes a chunk that no reader can reach yet. Its lines follow each other.
void EncodeChunk(const ChunkImage& image, Line* lines);

// The reverse.
ChunkImage DecodeChunk(const Line* lines);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_
