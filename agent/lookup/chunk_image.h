// One chunk as a list, and as the lines that readers see.
#ifndef FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_
#define FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_

#include <array>
#include <cstdint>

#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// The entry of places whose only prefixes are of 32 bits.
inline constexpr std::uint32_t kLookLonger =
    FW_ENTRY_LENGTHS << FW_ENTRY_PAYLOAD_BITS | (32 - FW_CHUNK_LENGTH);

// The entries of the /24s of a /16, 0 for nothing.
using ChunkImage = std::array<std::uint32_t, FW_CHUNK_PLACES>;

// Whether all places say the same and no chunk is needed.
bool IsUniform(const ChunkImage& image);

// How many lines EncodeChunk writes.
std::uint32_t ChunkLines(const ChunkImage& image);

// Writes a chunk that no reader can reach yet. Its lines follow each other.
void EncodeChunk(const ChunkImage& image, Line* lines);

// The reverse.
ChunkImage DecodeChunk(const Line* lines);

// Which /23s have a place that says something.
fw_parts PartsOf(const ChunkImage& image);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_CHUNK_IMAGE_H_
