// Where the tables live: memory that one writer and many readers share.
#ifndef FWAGENT_AGENT_LOOKUP_LINE_MEMORY_H_
#define FWAGENT_AGENT_LOOKUP_LINE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bpf/fw_table.h"

namespace fwagent::lookup {

using Line = fw_line;

// Slabs of lines, and the state from which readers start. Readers come without
// asking. In the agent the memory belongs to BPF maps, in tests to a heap.
class LineMemory {
 public:
  static constexpr std::size_t kSlabBytes = FW_SLAB_LINES * sizeof(Line);

  LineMemory() : used_(FW_SLABS) { used_[0] = true; }
  LineMemory(const LineMemory&) = delete;
  LineMemory& operator=(const LineMemory&) = delete;
  virtual ~LineMemory() = default;

  // Makes so many slabs of zeros with consecutive numbers and returns the first
  // number. RESOURCE_EXHAUSTED when memory or numbers run out; then nothing
  // changes. Readers cannot reach them before Connect.
  virtual absl::StatusOr<std::uint32_t> AddSlabs(std::uint32_t count) = 0;

  // Lets readers reach all slabs that were added. On error they still cannot
  // reach those that were not connected before.
  virtual absl::Status Connect() = 0;

  // Gives slabs back that no reader will reach any more.
  virtual void RemoveSlabs(std::span<const std::uint32_t> slabs) = 0;

  // Returns when every look-up that had begun before the call has ended.
  virtual void WaitForReaders() = 0;

  virtual fw_table_state* state() = 0;

  // FW_ROOT_WORDS words: which IPv4 sources readers must ask about. All
  // generations share them.
  virtual __u64* used() = 0;

  bool Has(std::uint32_t number) const {
    return number < FW_SLABS * FW_SLAB_LINES && number >= FW_SLAB_LINES &&
           used_[number / FW_SLAB_LINES];
  }

  // A line of a slab that there is. Those of slabs that were added together
  // follow each other.
  Line* line(std::uint32_t number) const { return lines_ + number; }

 protected:
  // The first of so many consecutive numbers that are free; 0: none are.
  std::uint32_t FreeNumbers(std::uint32_t count) const {
    std::uint32_t run = 0;
    for (std::uint32_t slab = 1; slab < FW_SLABS; ++slab) {
      run = used_[slab] ? 0 : run + 1;
      if (run == count) return slab + 1 - count;
    }
    return 0;
  }

  Line* lines_ = nullptr;   // of FW_SLABS slabs, most of which are not there
  std::vector<bool> used_;  // by number: which ones are
};

// Writes what readers may be reading. Who sees it also sees everything that was
// written before.
template <typename T>
void Publish(T& place, T value) {
  __atomic_store_n(&place, value, __ATOMIC_RELEASE);
}

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_LINE_MEMORY_H_
