// The front of an IPv4 table: two bits for each /24, and one for each /22.
#ifndef FWAGENT_AGENT_LOOKUP_FRONT_H_
#define FWAGENT_AGENT_LOOKUP_FRONT_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "agent/lookup/chunk_image.h"
#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// The line of a /16.
using FrontImage = std::array<std::uint64_t, FW_LINE_WORDS>;

// What the front says of a /16 of which this is said.
FrontImage FrontOf(const ChunkRuns& runs);
FrontImage FrontOf(std::uint32_t entry);  // of all its places

// Writes it, and what all fronts share: LineMemory::used(). A change of what is
// said of a /16 has three parts: Doubt(), then the change, at one instant for
// readers, then Settle(). Between them readers ask what is behind the front.
// Settle() alone is enough where nothing is said before and after, but that
// there may be hosts.
class Front {
 public:
  explicit Front(LineMemory* memory) : memory_(memory) {}

  // Makes the slab in which a /16 lies. RESOURCE_EXHAUSTED.
  absl::Status Reserve(std::uint32_t top32);
  // Whether it is there; the functions below want it to be.
  bool Has(std::uint32_t top32) const { return SlabOf(top32) != 0; }

  // From now on there may be readers. Before, only what is used is shared.
  void GoLive() { live_ = true; }

  void Doubt(std::uint32_t top32, const FrontImage& next);
  void Settle(std::uint32_t top32, const FrontImage& next);

  // Which /22s of a /16 it says something of.
  std::uint64_t UsedAt(std::uint32_t top32) const;

  // Sets front_slabs.
  void Describe(fw_generation& generation) const;
  // What it takes, and leaves its owner to give back.
  std::vector<std::uint32_t> slabs() const;

 private:
  // One for each value of the first four bits.
  static std::uint32_t PartOf(std::uint32_t top32) { return top32 >> 28; }
  std::uint32_t SlabOf(std::uint32_t top32) const {
    return slabs_[PartOf(top32)];
  }
  __u64& SharedWord(std::uint32_t top32) const {
    return memory_->used()[top32 >> (32 - FW_ROOT_LENGTH)];
  }
  __u64* WordsOf(std::uint32_t top32) const;

  LineMemory* memory_;
  bool live_ = false;
  std::array<std::uint32_t, FW_FRONT_SLABS> slabs_{};  // 0: not there
};

// Makes LineMemory::used() say no more than this front, which all readers use;
// null: nothing.
void NarrowUsed(LineMemory& memory, const Front* front);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_FRONT_H_
