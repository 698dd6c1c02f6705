// The writer of the hash tables of everything longer than a /24.
#ifndef FWAGENT_AGENT_LOOKUP_BUCKETS_H_
#define FWAGENT_AGENT_LOOKUP_BUCKETS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/lookup/address.h"
#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// Prefixes of 25 bits and more, each with an entry that is not 0. Every change
// is one store that readers see or do not see. A prefix lies in the line that
// its hash says or in one of the FW_BUCKET_REACH behind it; when these are
// full, a larger table is the only help.
template <typename Address>
class Buckets {
 public:
  // Room for so many prefixes, and a third more. RESOURCE_EXHAUSTED.
  static absl::StatusOr<Buckets> Make(LineMemory* memory,
                                      std::uint64_t prefixes,
                                      std::uint64_t multiplier);

  Buckets(Buckets&& other) noexcept = default;
  Buckets& operator=(Buckets&& other) = delete;

  std::optional<std::uint32_t> Find(const Key<Address>& prefix) const;

  // Adds a prefix that is not there. False: no room near its place.
  bool Insert(const Key<Address>& prefix, std::uint32_t entry);

  // Of a prefix that is there.
  void Replace(const Key<Address>& prefix, std::uint32_t entry);
  void Erase(const Key<Address>& prefix);

  // Whether another prefix would make look-ups slow.
  bool full() const;
  std::uint64_t size() const { return size_; }
  // What it takes, and leaves its owner to give back.
  std::vector<std::uint32_t> slabs() const;

  // Where readers find it.
  void Describe(fw_generation& generation) const;

 private:
  struct Slot {
    Line* line;
    std::uint32_t index;
  };

  Buckets(LineMemory* memory, std::uint32_t first_slab,
          std::uint32_t slab_count, std::uint64_t multiplier);

  // The first line of a prefix; those behind it follow by number.
  std::uint32_t Home(const Key<Address>& prefix) const;
  std::optional<Slot> Locate(const Key<Address>& prefix) const;
  bool TryInsert(const Key<Address>& prefix, std::uint32_t entry);
  void FreeErased();

  LineMemory* memory_;
  std::uint32_t first_slab_;
  std::uint32_t slab_count_;
  std::uint32_t line_count_;
  std::uint64_t multiplier_;
  std::uint64_t size_ = 0;
  std::vector<Slot> erased_;  // and not free yet
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_BUCKETS_H_
