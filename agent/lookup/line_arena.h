// Allocation of lines and records inside slabs.
#ifndef FWAGENT_AGENT_LOOKUP_LINE_ARENA_H_
#define FWAGENT_AGENT_LOOKUP_LINE_ARENA_H_

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// Takes slabs as they are needed, and leaves giving them back to its owner.
// What is retired may still be read; it is given out again only after the
// readers have been waited for.
class LineArena {
 public:
  // A chunk and the entries of 256 places.
  static constexpr std::uint32_t kMaxRun =
      1 + FW_CHUNK_PLACES / FW_LINE_ENTRIES;

  explicit LineArena(LineMemory* memory) : memory_(memory) {}
  LineArena(LineArena&& other) noexcept = default;
  LineArena& operator=(LineArena&& other) = delete;

  // A run of 1 to kMaxRun lines that follow each other; what is in them is
  // undefined. RESOURCE_EXHAUSTED.
  absl::StatusOr<std::uint32_t> AllocateLines(std::uint32_t count);
  void RetireLines(std::uint32_t first, std::uint32_t count);

  // A quarter of a line, all zero.
  absl::StatusOr<std::uint32_t> AllocateRecord();
  void RetireRecord(std::uint32_t record);

  // From now on readers may reach what is allocated, as soon as it is.
  void GoLive() { live_ = true; }

  const std::vector<std::uint32_t>& slabs() const { return slabs_; }

 private:
  struct Run {
    std::uint32_t first;
    std::uint32_t count;
  };

  bool TakeFree(std::uint32_t count, std::uint32_t& first);
  absl::Status Refill();
  void Recycle();

  LineMemory* memory_;
  bool live_ = false;
  std::vector<std::uint32_t> slabs_;
  std::array<std::vector<std::uint32_t>, kMaxRun + 1> free_lines_;
  std::vector<std::uint32_t> free_records_;
  std::vector<Run> retired_lines_;
  std::vector<std::uint32_t> retired_records_;
  std::uint32_t retired_size_ = 0;  // in records
  std::uint32_t next_ = 0;          // the first line never used
  std::uint32_t end_ = 0;           // of its slab
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_LINE_ARENA_H_
