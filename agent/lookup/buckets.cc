#include "agent/lookup/buckets.h"

#include <numeric>

#include "absl/base/optimization.h"
#include "agent/lookup/bucket_slots.h"
#include "agent/util/status_macros.h"

namespace fwagent::lookup {
namespace {

// Of the slots, in a new table and in one that is called full. Above that, more
// and more prefixes lie in lines behind their own.
constexpr double kFirstLoad = 0.6;
constexpr double kFullLoad = 0.8;

}  // namespace

template <typename Address>
absl::StatusOr<Buckets<Address>> Buckets<Address>::Make(
    LineMemory* memory, std::uint64_t prefixes, std::uint64_t multiplier) {
  const double lines = static_cast<double>(prefixes) / kFirstLoad /
                           BucketSlots<Address>::kSlots +
                       FW_BUCKET_REACH;
  const auto slabs = static_cast<std::uint64_t>(lines / FW_SLAB_LINES) + 1;
  if (slabs >= FW_SLABS) {
    return absl::ResourceExhaustedError("the hash table would be too large");
  }
  const auto count = static_cast<std::uint32_t>(slabs);
  FW_ASSIGN_OR_RETURN(const std::uint32_t first, memory->AddSlabs(count));
  return Buckets(memory, first, count, multiplier);
}

template <typename Address>
Buckets<Address>::Buckets(LineMemory* memory, std::uint32_t first_slab,
                          std::uint32_t slab_count, std::uint64_t multiplier)
    : memory_(memory),
      first_slab_(first_slab),
      slab_count_(slab_count),
      line_count_(slab_count * FW_SLAB_LINES - FW_BUCKET_REACH),
      multiplier_(multiplier) {}

template <typename Address>
std::uint32_t Buckets<Address>::Home(const Key<Address>& prefix) const {
  return first_slab_ * FW_SLAB_LINES +
         BucketSlots<Address>::Home(BucketSlots<Address>::CodeOf(prefix),
                                    multiplier_, line_count_);
}

template <typename Address>
auto Buckets<Address>::Locate(const Key<Address>& prefix) const
    -> std::optional<Slot> {
  using Slots = BucketSlots<Address>;
  const std::uint32_t home = Home(prefix);
  const auto code = Slots::CodeOf(prefix);
  const std::uint64_t reach = Slots::Reach(*memory_->line(home));
  for (std::uint32_t distance = 0; distance <= reach; ++distance) {
    Line* line = memory_->line(home + distance);
    for (std::uint32_t i = 0; i < Slots::kSlots; ++i) {
      if (Slots::Holds(*line, i, code)) return Slot{line, i};
    }
  }
  return std::nullopt;
}

template <typename Address>
std::optional<std::uint32_t> Buckets<Address>::Find(
    const Key<Address>& prefix) const {
  const auto slot = Locate(prefix);
  if (!slot.has_value()) return std::nullopt;
  return BucketSlots<Address>::Entry(*slot->line, slot->index);
}

template <typename Address>
bool Buckets<Address>::TryInsert(const Key<Address>& prefix,
                                 std::uint32_t entry) {
  using Slots = BucketSlots<Address>;
  const std::uint32_t home = Home(prefix);
  for (std::uint32_t distance = 0; distance <= FW_BUCKET_REACH; ++distance) {
    Line* line = memory_->line(home + distance);
    for (std::uint32_t i = 0; i < Slots::kSlots; ++i) {
      if (!Slots::IsFree(*line, i)) continue;
      // Readers must look that far before there is something to see.
      Line* first = memory_->line(home);
      if (Slots::Reach(*first) < distance) Slots::SetReach(*first, distance);
      Slots::Write(*line, i, Slots::CodeOf(prefix), entry);
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
  for (const Slot& slot : erased_) {
    BucketSlots<Address>::Free(*slot.line, slot.index);
  }
  erased_.clear();
}

template <typename Address>
void Buckets<Address>::Replace(const Key<Address>& prefix,
                               std::uint32_t entry) {
  const auto slot = Locate(prefix);
  if (!slot.has_value()) return;
  BucketSlots<Address>::Write(*slot->line, slot->index,
                              BucketSlots<Address>::CodeOf(prefix), entry);
}

template <typename Address>
void Buckets<Address>::Erase(const Key<Address>& prefix) {
  const auto slot = Locate(prefix);
  if (!slot.has_value()) return;
  BucketSlots<Address>::Erase(*slot->line, slot->index);
  if (!BucketSlots<Address>::kEraseFrees) erased_.push_back(*slot);
  --size_;
}

template <typename Address>
bool Buckets<Address>::full() const {
  return static_cast<double>(size_) >=
         kFullLoad * BucketSlots<Address>::kSlots * line_count_;
}

template <typename Address>
void Buckets<Address>::Describe(fw_generation& generation) const {
  generation.bucket_slab = first_slab_;
  generation.bucket_count = line_count_;
  generation.multiplier = multiplier_;
}

template <typename Address>
std::vector<std::uint32_t> Buckets<Address>::slabs() const {
  std::vector<std::uint32_t> slabs(slab_count_);
  std::iota(slabs.begin(), slabs.end(), first_slab_);
  return slabs;
}

template class Buckets<Address4>;
template class Buckets<Address6>;

}  // namespace fwagent::lookup
