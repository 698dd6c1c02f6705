// The lengths that a subtree asks for, packed as readers want them.
#ifndef FWAGENT_AGENT_LOOKUP_LENGTHS_H_
#define FWAGENT_AGENT_LOOKUP_LENGTHS_H_

#include <bit>
#include <cstdint>

#include "bpf/fw_table.h"

namespace fwagent::lookup {

// Longest first, a byte each, then zeros: fw_subtree::lengths.
inline int CountLengths(std::uint64_t lengths) {
  return (64 - std::countl_zero(lengths) + 7) / 8;
}

inline bool HasLength(std::uint64_t lengths, int length) {
  for (; lengths != 0; lengths >>= 8) {
    if (static_cast<int>(lengths & 0xff) == length) return true;
  }
  return false;
}

// With one more, which is not among them; there is room for it.
inline std::uint64_t WithLength(std::uint64_t lengths, int length) {
  int shift = 0;
  while (static_cast<int>(lengths >> shift & 0xff) > length) shift += 8;
  const std::uint64_t longer = lengths & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t shorter =
      shift == 56 ? 0 : lengths >> shift << (shift + 8);
  return longer | static_cast<std::uint64_t>(length) << shift | shorter;
}

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_LENGTHS_H_
