// The writer of the hash tables of everything longer than a /24.
#ifndef FWAGENT_AGENT_LOOKUP_BUCKETS_H_
#define FWAGENT_AGENT_LOOKUP_BUCKETS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/lookup/address.h"
#include "agent/lookup/bucket_lines.h"
#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// Prefixes of 25 bits and more, each with an entry that is not 0. Every change
// is one store that readers see or do not see. A prefix lies in the line that
// its hash says or in one of the FW_BUCKET_REACH behind it; when these are
// full, a larger table is the only help.
template <typename Address>
class Buckets {
 public:
  // Room for so many prefixes and some more; the seed is of the hash.
  // RESOURCE_EXHAUSTED.
  static absl::StatusOr<Buckets> Make(LineMemory* memory,
                                      std::uint64_t prefixes,
                                      std::uint64_t seed);

  Buckets(Buckets&& other) noexcept = default;
  Buckets& operator=(Buckets&& other) = delete;

  std::optional<std::uint32_t> Find(const Key<Address>& prefix) const;

  // Adds a prefix that is not there. False: no room near its place.
  bool Insert(const Key<Address>& prefix, std::uint32_t entry);

  // Of a prefix that is there.
  void Replace(const Key<Address>& prefix, std::uint32_t entry);
  void Erase(const Key<Address>& prefix);

  // Says that the prefix is soon to be inserted.
  void Prefetch(const Key<Address>& prefix) const;

  // Whether another prefix would make look-ups slow.
  bool full() const;
  std::uint64_t size() const { return size_; }
  // What it takes, and leaves its owner to give back.
  std::vector<std::uint32_t> slabs() const;

  // Where readers find it; the root is not its own.
  const fw_generation& description() const { return description_; }

 private:
  Buckets(LineMemory* memory, const fw_generation& description,
          std::uint32_t slab_count)
      : memory_(memory),
        description_(description),
        slab_count_(slab_count),
        lines_(memory, description) {}

  std::optional<BucketPlace> Locate(const Key<Address>& prefix) const;
  bool TryInsert(const Key<Address>& prefix, std::uint32_t entry);
  void FreeErased();

  LineMemory* memory_;
  fw_generation description_;
  std::uint32_t slab_count_;
  BucketLines<Address> lines_;
  std::uint64_t size_ = 0;
  std::vector<BucketPlace> erased_;  // and not free yet
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_BUCKETS_H_
