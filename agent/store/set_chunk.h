// Some entries of a set, in one row: sorted, of one family, packed.
#ifndef FWAGENT_AGENT_STORE_SET_CHUNK_H_
#define FWAGENT_AGENT_STORE_SET_CHUNK_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/policy/prefix.h"
#include "agent/policy/set_entries.h"
#include "agent/store/entry_clock.h"

namespace fwagent::store {

// As many entries are written into one chunk; twice as many are split.
inline constexpr std::size_t kChunkEntries = 1024;

// What a chunk is found by, of its first entry: bytes whose order is that of
// entries, '4' or '6', the address and the length.
std::string ChunkKey(const policy::Prefix& prefix);

// The content of a chunk, never empty. What is in state files depends on it.
//   byte 0: '4' or '6', or 'f' or 's' where entries have ends
//   with ends, eight bytes: the tick of the first of them on `clock`
//   then of each entry: 4 or 16 bytes of address, a byte of length, and with
//   ends four bytes: how many ticks later it ends, or 0xffffffff
// Numbers begin with their most significant byte.
std::string PackChunk(const std::vector<policy::SetEntry>& entries,
                      const EntryClock& clock);

// DATA_LOSS: it is no such content, or not in order.
absl::StatusOr<std::vector<policy::SetEntry>> UnpackChunk(
    std::string_view bytes, const EntryClock& clock);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SET_CHUNK_H_
