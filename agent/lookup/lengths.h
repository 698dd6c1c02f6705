// The lengths that a subtree asks for, packed as readers want them.
#ifndef FWAGENT_AGENT_LOOKUP_LENGTHS_H_
#define FWAGENT_AGENT_LOOKUP_LENGTHS_H_

#include <bit>
#include <cstdint>

#include "bpf/fw_table.h"

namespace fwagent::lookup {

// fw_subtree::lengths: longest first, a byte each, then zeros.
inline int CountLengths(std::uint64_t lengths) {
  return (64 - std::countl_zero(lengths) + 7) / 8;
}

inline bool HasLength(std::uint64_t lengths, int length) {
  for (; lengths != 0; lengths >>= 8) {
    if (static_cast<int>(lengths & 0xff) == length - FW_CHUNK_LENGTH) {
      return true;
    }
  }
  return false;
}

// With one more, which is not among them; there is room for it.
inline std::uint64_t WithLength(std::uint64_t lengths, int length) {
  const auto byte = static_cast<std::uint64_t>(length - FW_CHUNK_LENGTH);
  int shift = 0;
  while ((lengths >> shift & 0xff) > byte) shift += 8;
  const std::uint64_t longer = lengths & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t shorter =
      shift == 56 ? 0 : lengths >> shift << (shift + 8);
  return longer | byte << shift | shorter;
}

// The entry that says it all, where nothing else is to be said: a few lengths
// and no background. 0: it takes a record.
inline std::uint32_t LengthsEntry(const fw_subtree& subtree) {
  if (subtree.background != 0 || subtree.split != 0 ||
      CountLengths(subtree.lengths) > FW_ENTRY_LENGTHS_MAX) {
    return 0;
  }
  std::uint32_t entry = FW_ENTRY_LENGTHS << FW_ENTRY_PAYLOAD_BITS;
  for (int i = 0; i < FW_ENTRY_LENGTHS_MAX; ++i) {
    entry |= static_cast<std::uint32_t>(subtree.lengths >> (8 * i) & 0xff)
             << (FW_ENTRY_LENGTH_BITS * i);
  }
  return entry;
}

// The reverse.
inline fw_subtree SubtreeOfLengths(std::uint32_t entry) {
  fw_subtree subtree{};
  for (int i = 0; i < FW_ENTRY_LENGTHS_MAX; ++i) {
    const std::uint64_t byte = entry >> (FW_ENTRY_LENGTH_BITS * i) & 0x7f;
    subtree.lengths |= byte << (8 * i);
  }
  return subtree;
}

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_LENGTHS_H_
