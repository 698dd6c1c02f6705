#include "agent/lookup/buckets.h"

#include <numeric>

#include "absl/base/optimization.h"
#include "agent/util/status_macros.h"

namespace fwagent::lookup {
template <typename Address>
absl::StatusOr<Buckets<Address>> Buckets<Address>::Make(LineMemory* memory,
                                                        std::uint64_t prefixes,
                                                        std::uint64_t seed) {
  fw_generation description{};
  const auto slots = static_cast<std::uint64_t>(
      static_cast<double>(prefixes) / BucketLines<Address>::kFirstLoad);
  const std::uint64_t lines = BucketLines<Address>::Size(slots, description);
  const std::uint64_t slabs = (lines + FW_SLAB_LINES - 1) / FW_SLAB_LINES;
  if (slabs >= FW_SLABS) {
    return absl::ResourceExhaustedError(
        "the hash table of a source table would be too large");
  }
  const auto count = static_cast<std::uint32_t>(slabs);
  FW_ASSIGN_OR_RETURN(description.bucket_slab, memory->AddSlabs(count));
  description.seed = seed;
  return Buckets(memory, description, count);
}

template <typename Address>
auto Buckets<Address>::Locate(const Key<Address>& prefix) const
    -> std::optional<BucketPlace> {
  const auto code = lines_.CodeOf(prefix);
  const std::uint32_t reach = lines_.Reach(code.home);
  for (std::uint32_t distance = 0; distance <= reach; ++distance) {
    for (std::uint32_t i = 0; i < BucketLines<Address>::kSlots; ++i) {
      const BucketPlace place = {code.home, distance, i};
      if (lines_.Holds(place, code)) return place;
    }
  }
  return std::nullopt;
}

template <typename Address>
std::optional<std::uint32_t> Buckets<Address>::Find(
    const Key<Address>& prefix) const {
  const auto place = Locate(prefix);
  if (!place.has_value()) return std::nullopt;
  return lines_.Entry(*place);
}

template <typename Address>
bool Buckets<Address>::TryInsert(const Key<Address>& prefix,
                                 std::uint32_t entry) {
  const auto code = lines_.CodeOf(prefix);
  for (std::uint32_t distance = 0; distance <= FW_BUCKET_REACH; ++distance) {
    for (std::uint32_t i = 0; i < BucketLines<Address>::kSlots; ++i) {
      const BucketPlace place = {code.home, distance, i};
      if (!lines_.IsFree(place)) continue;
      // Readers must look that far before there is something to see.
      if (lines_.Reach(code.home) < distance) {
        lines_.SetReach(code.home, distance);
      }
      lines_.Write(place, code, entry);
      ++size_;
      return true;
    }
  }
  return false;
}

template <typename Address>
bool Buckets<Address>::Insert(const Key<Address>& prefix, std::uint32_t entry) {
  if (ABSL_PREDICT_TRUE(TryInsert(prefix, entry))) return true;
  if (erased_.empty()) return false;
  memory_->WaitForReaders();
  FreeErased();
  return TryInsert(prefix, entry);
}

template <typename Address>
void Buckets<Address>::FreeErased() {
  for (const BucketPlace& place : erased_) lines_.Free(place);
  erased_.clear();
}

template <typename Address>
void Buckets<Address>::Replace(const Key<Address>& prefix,
                               std::uint32_t entry) {
  const auto place = Locate(prefix);
  if (place.has_value()) lines_.Write(*place, lines_.CodeOf(prefix), entry);
}

template <typename Address>
void Buckets<Address>::Erase(const Key<Address>& prefix) {
  const auto place = Locate(prefix);
  if (!place.has_value()) return;
  lines_.Erase(*place);
  erased_.push_back(*place);
  --size_;
}

template <typename Address>
void Buckets<Address>::Prefetch(const Key<Address>& prefix) const {
  __builtin_prefetch(memory_->line(lines_.CodeOf(prefix).home), 1);
}

template <typename Address>
bool Buckets<Address>::full() const {
  return static_cast<double>(size_) >= BucketLines<Address>::kFullLoad *
                                           BucketLines<Address>::kSlots *
                                           description_.bucket_count;
}

template <typename Address>
std::vector<std::uint32_t> Buckets<Address>::slabs() const {
  std::vector<std::uint32_t> slabs(slab_count_);
  std::iota(slabs.begin(), slabs.end(), description_.bucket_slab);
  return slabs;
}

template class Buckets<Address4>;
template class Buckets<Address6>;

}  // namespace fwagent::lookup
