#include "agent/lookup/front.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "agent/util/status_macros.h"

namespace fwagent::lookup {
namespace {

static_assert(FW_FRONT_SLABS * FW_SLAB_LINES == FW_ROOT_WORDS);
static_assert(FW_FRONT_PLACES * FW_LINE_WORDS == FW_CHUNK_PLACES);
static_assert(FW_FRONT_PLACES * FW_FRONT_BITS == 64);
static_assert(FW_CHUNK_PLACES / FW_USED_PLACES == 64);

// The lower bit of every place.
constexpr std::uint64_t kOnes = ~std::uint64_t{0} / ((1 << FW_FRONT_BITS) - 1);

fw_front StateOf(std::uint32_t entry) {
  if (entry == 0) return FW_FRONT_NOTHING;
  if (entry == kLookLonger) return FW_FRONT_HOSTS;
  return fw_kind_of(entry) == FW_ENTRY_BLOCK ? FW_FRONT_BLOCK : FW_FRONT_LOOK;
}

// One word with FW_FRONT_LOOK in the places where it is to be another.
std::uint64_t Doubtful(std::uint64_t word, std::uint64_t next) {
  const std::uint64_t bits = word ^ next;
  const std::uint64_t changing = (bits | bits >> 1) & kOnes;
  const std::uint64_t both = changing | changing << 1;
  return (word & ~both) | changing * FW_FRONT_LOOK;
}

static_assert(FW_USED_PLACES * FW_FRONT_BITS == 8, "a byte is a /22");

// The /22s of a /16 of which these words say something: for each byte that is
// not 0 a bit.
template <typename Word>
std::uint64_t UsedOf(const Word* words) {
  constexpr std::uint64_t kBytes = 0x0101010101010101;
  constexpr std::uint64_t kGather = 0x0102040810204080;
  std::uint64_t used = 0;
  for (int i = 0; i < FW_LINE_WORDS; ++i) {
    std::uint64_t bits = words[i];
    bits |= bits >> 4;
    bits |= bits >> 2;
    bits |= bits >> 1;
    used |= (bits & kBytes) * kGather >> 56 << 8 * i;
  }
  return used;
}

}  // namespace

FrontImage FrontOf(const ChunkRuns& runs) {
  FrontImage front{};
  for (const ChunkRuns::Run& run : runs) {
    SetBits(run.first * FW_FRONT_BITS, run.end * FW_FRONT_BITS,
            kOnes * StateOf(run.entry), front.data());
  }
  return front;
}

FrontImage FrontOf(std::uint32_t entry) {
  FrontImage front;
  front.fill(kOnes * StateOf(entry));
  return front;
}

absl::Status Front::Reserve(std::uint32_t top32) {
  if (Has(top32)) return absl::OkStatus();
  FW_ASSIGN_OR_RETURN(slabs_[PartOf(top32)], memory_->AddSlabs(1));
  return absl::OkStatus();
}

__u64* Front::WordsOf(std::uint32_t top32) const {
  const std::uint32_t line = (top32 >> (32 - FW_ROOT_LENGTH)) % FW_SLAB_LINES;
  return memory_->line(SlabOf(top32) * FW_SLAB_LINES + line)->words;
}

void Front::Doubt(std::uint32_t top32, const FrontImage& next) {
  __u64& used = SharedWord(top32);
  Publish<__u64>(used, used | UsedOf(next.data()));
  if (!live_) return;
  __u64* const words = WordsOf(top32);
  for (std::size_t i = 0; i < next.size(); ++i) {
    if (words[i] != next[i]) {
      Publish<__u64>(words[i], Doubtful(words[i], next[i]));
    }
  }
}

void Front::Settle(std::uint32_t top32, const FrontImage& next) {
  __u64* const words = WordsOf(top32);
  for (std::size_t i = 0; i < next.size(); ++i) {
    if (words[i] != next[i]) Publish<__u64>(words[i], next[i]);
  }
  if (live_) Publish<__u64>(SharedWord(top32), UsedOf(words));
}

std::uint64_t Front::UsedAt(std::uint32_t top32) const {
  return Has(top32) ? UsedOf(WordsOf(top32)) : 0;
}

void Front::Describe(fw_generation& generation) const {
  std::copy(slabs_.begin(), slabs_.end(), generation.front_slabs);
}

void NarrowUsed(LineMemory& memory, const Front* front) {
  for (std::uint32_t i = 0; i < FW_ROOT_WORDS; ++i) {
    const std::uint64_t used =
        front == nullptr ? 0 : front->UsedAt(i << (32 - FW_ROOT_LENGTH));
    if (memory.used()[i] != used) Publish<__u64>(memory.used()[i], used);
  }
}

std::vector<std::uint32_t> Front::slabs() const {
  std::vector<std::uint32_t> slabs;
  std::copy_if(slabs_.begin(), slabs_.end(), std::back_inserter(slabs),
               [](std::uint32_t slab) { return slab != 0; });
  return slabs;
}

}  // namespace fwagent::lookup
