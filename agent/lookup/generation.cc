#include "agent/lookup/generation.h"

#include <array>
#include <numeric>

#include "agent/lookup/lengths.h"
#include "agent/util/status_macros.h"

namespace fwagent::lookup {
namespace {

using policy::SourceVerdict;

std::uint32_t Entry(fw_entry_kind kind, std::uint32_t payload) {
  return static_cast<std::uint32_t>(kind) << FW_ENTRY_PAYLOAD_BITS | payload;
}

fw_entry_kind KindOf(SourceVerdict verdict) {
  switch (verdict) {
    case SourceVerdict::kBlock:
      return FW_ENTRY_BLOCK;
    case SourceVerdict::kAllow:
      return FW_ENTRY_ALLOW;
    case SourceVerdict::kNone:
      break;
  }
  return FW_ENTRY_NOTHING;
}

// Of one that ends.
fw_terms TermsOf(const Fold& fold) {
  if (fold.verdict == SourceVerdict::kBlock) {
    return {.block_until = fold.until, .block_rule = fold.number};
  }
  return {.block_until = fold.block_until,
          .allow_until = fold.until,
          .block_rule = fold.block_number,
          .allow_rule = fold.number};
}

std::array<std::uint32_t, 4> TermsKeyOf(const Fold& fold) {
  const fw_terms terms = TermsOf(fold);
  return {terms.block_until, terms.allow_until, terms.block_rule,
          terms.allow_rule};
}

std::array<std::uint32_t, FW_ROOT_SLABS> RootSlabs(std::uint32_t first) {
  std::array<std::uint32_t, FW_ROOT_SLABS> slabs{};
  std::iota(slabs.begin(), slabs.end(), first);
  return slabs;
}

}  // namespace

template <typename Address>
absl::StatusOr<std::unique_ptr<Generation<Address>>> Generation<Address>::Make(
    LineMemory* memory, std::uint64_t longer_prefixes, std::uint64_t seed) {
  FW_ASSIGN_OR_RETURN(const std::uint32_t root_slab,
                      memory->AddSlabs(FW_ROOT_SLABS));
  auto buckets = Buckets<Address>::Make(memory, longer_prefixes, seed);
  if (!buckets.ok()) {
    memory->RemoveSlabs(RootSlabs(root_slab));
    return buckets.status();
  }
  return std::unique_ptr<Generation>(
      new Generation(memory, root_slab, *std::move(buckets)));
}

template <typename Address>
Generation<Address>::Generation(LineMemory* memory, std::uint32_t root_slab,
                                Buckets<Address> buckets)
    : memory_(memory),
      root_slab_(root_slab),
      front_(memory),
      arena_(memory),
      parts_arena_(memory),
      buckets_(std::move(buckets)) {}

template <typename Address>
Generation<Address>::~Generation() {
  if (abandoned_) return;
  memory_->RemoveSlabs(Slabs());
}

template <typename Address>
std::vector<std::uint32_t> Generation<Address>::Slabs() const {
  std::vector<std::uint32_t> slabs = buckets_.slabs();
  const std::vector<std::uint32_t> front = front_.slabs();
  slabs.insert(slabs.end(), front.begin(), front.end());
  for (const LineArena* arena : {&arena_, &parts_arena_}) {
    slabs.insert(slabs.end(), arena->slabs().begin(), arena->slabs().end());
  }
  const auto root = RootSlabs(root_slab_);
  slabs.insert(slabs.end(), root.begin(), root.end());
  return slabs;
}

template <typename Address>
__u64& Generation<Address>::RootWord(std::uint32_t top32) const {
  const std::uint32_t index = top32 >> (32 - FW_ROOT_LENGTH);
  return memory_->line(root_slab_ * FW_SLAB_LINES + index / FW_LINE_WORDS)
      ->words[index % FW_LINE_WORDS];
}

template <typename Address>
absl::Status Generation<Address>::FillChunk(std::uint32_t top32,
                                            std::uint32_t entry) {
  if (kHasFront) FW_RETURN_IF_ERROR(front_.Reserve(top32));
  PublishRoot(top32, entry, FrontOf(entry));
  return absl::OkStatus();
}

template <typename Address>
void Generation<Address>::PublishRoot(std::uint32_t top32, __u64 word,
                                      const FrontImage& front) {
  if constexpr (kHasFront) {
    front_.Doubt(top32, front);
    Publish(RootWord(top32), word);
    front_.Settle(top32, front);
  } else {
    Publish(RootWord(top32), word);
  }
}

template <typename Address>
ChunkImage Generation<Address>::ReadChunk(std::uint32_t top32) const {
  const __u64 root = RootWord(top32);
  if ((root & FW_ROOT_CHUNK) != 0) {
    return DecodeChunk(memory_->line(root & FW_ENTRY_PAYLOAD));
  }
  ChunkImage image;
  image.fill(static_cast<std::uint32_t>(root));
  return image;
}

template <typename Address>
absl::Status Generation<Address>::WriteChunk(std::uint32_t top32,
                                             const ChunkImage& image) {
  if (kHasFront) FW_RETURN_IF_ERROR(front_.Reserve(top32));
  const __u64 old = RootWord(top32);
  const ChunkRuns runs(image);
  __u64 root = image[0];
  if (!runs.IsUniform()) {
    FW_ASSIGN_OR_RETURN(root, MakeChunk(image, runs));
  }
  PublishRoot(top32, root, kHasFront ? FrontOf(runs) : FrontImage{});
  if ((old & FW_ROOT_CHUNK) != 0) RetireChunk(old);
  return absl::OkStatus();
}

// The word of a chunk that no reader can reach yet.
template <typename Address>
absl::StatusOr<__u64> Generation<Address>::MakeChunk(const ChunkImage& image,
                                                     const ChunkRuns& runs) {
  const std::uint32_t lines = ChunkLines(runs);
  FW_ASSIGN_OR_RETURN(const std::uint32_t first, arena_.AllocateLines(lines));
  EncodeChunk(runs, memory_->line(first));
  const __u64 root = FW_ROOT_CHUNK | first;
  if constexpr (!kHasFront) {
    const auto record = parts_arena_.AllocateRecord();
    if (!record.ok()) {
      arena_.RetireLines(first, lines);
      return record.status();
    }
    PartsAt(*record) = PartsOf(image);
    return __u64{*record} << FW_ROOT_PARTS_SHIFT | root;
  }
  return root;
}

template <typename Address>
void Generation<Address>::RetireChunk(__u64 root) {
  const std::uint32_t first = root & FW_ENTRY_PAYLOAD;
  arena_.RetireLines(first,
                     ChunkLines(ChunkRuns(DecodeChunk(memory_->line(first)))));
  if constexpr (!kHasFront) {
    parts_arena_.RetireRecord(
        static_cast<std::uint32_t>(root >> FW_ROOT_PARTS_SHIFT));
  }
}

template <typename Address>
fw_parts& Generation<Address>::PartsAt(std::uint32_t record) const {
  return memory_->line(record / FW_LINE_RECORDS)
      ->parts[record % FW_LINE_RECORDS];
}

template <typename Address>
absl::Status Generation<Address>::MarkLonger(std::uint32_t top32, bool longer) {
  const __u64 root = RootWord(top32);
  const std::uint32_t place = top32 >> 8 & 0xff;
  ChunkImage image = ReadChunk(top32);
  image[place] = longer ? kLookLonger : 0;
  if ((root & FW_ROOT_CHUNK) == 0) return WriteChunk(top32, image);
  __u64& word =
      memory_->line(root & FW_ENTRY_PAYLOAD)->chunk.longer[place / 64];
  const __u64 bit = __u64{1} << place % 64;
  Publish(word, longer ? word | bit : word & ~bit);
  if constexpr (kHasFront) {
    front_.Settle(top32, FrontOf(ChunkRuns(image)));
  } else if (longer) {
    const std::uint32_t part = place / FW_PART_PLACES;
    __u64& used =
        PartsAt(static_cast<std::uint32_t>(root >> FW_ROOT_PARTS_SHIFT))
            .used[part / 64];
    Publish(used, used | __u64{1} << part % 64);
  }
  return absl::OkStatus();
}

template <typename Address>
absl::StatusOr<std::uint32_t> Generation<Address>::EntryOf(const Fold& fold) {
  if (fold.classes != 0) return MeaningOf(fold);
  if (!fold.ends()) return Entry(KindOf(fold.verdict), fold.number);
  const auto [known, is_new] = terms_.try_emplace(TermsKeyOf(fold));
  if (is_new) {
    const auto record = MakeTerms(fold);
    if (!record.ok()) {
      terms_.erase(known);
      return record.status();
    }
    known->second = *record;
  }
  return Entry(FW_ENTRY_TIMED, known->second);
}

// Its terms, if it has any, are its own, so that they stay with it.
template <typename Address>
absl::StatusOr<std::uint32_t> Generation<Address>::MeaningOf(const Fold& fold) {
  const auto known = meanings_.find(fold);
  if (known != meanings_.end()) return known->second;
  FW_ASSIGN_OR_RETURN(const std::uint32_t record, arena_.AllocateRecord());
  fw_meaning meaning = {.classes = fold.classes,
                        .verdict = KindOf(fold.verdict),
                        .rule = fold.number};
  if (fold.ends()) {
    auto terms = MakeTerms(fold);
    if (!terms.ok()) {
      arena_.RetireRecord(record);
      return terms;
    }
    meaning.verdict = FW_ENTRY_TIMED;
    meaning.rule = *terms;
  }
  memory_->line(record / FW_LINE_RECORDS)->meanings[record % FW_LINE_RECORDS] =
      meaning;
  const std::uint32_t entry = Entry(FW_ENTRY_MEANING, record);
  meanings_.emplace(fold, entry);
  return entry;
}

template <typename Address>
absl::StatusOr<std::uint32_t> Generation<Address>::MakeTerms(const Fold& fold) {
  FW_ASSIGN_OR_RETURN(const std::uint32_t record, arena_.AllocateRecord());
  memory_->line(record / FW_LINE_RECORDS)->terms[record % FW_LINE_RECORDS] =
      TermsOf(fold);
  return record;
}

template <typename Address>
void Generation<Address>::RetireTerms(const Fold& fold) {
  const auto known = terms_.find(TermsKeyOf(fold));
  if (known == terms_.end()) return;
  arena_.RetireRecord(known->second);
  terms_.erase(known);
}

template <typename Address>
absl::StatusOr<std::uint32_t> Generation<Address>::MakeSubtree(
    const fw_subtree& content) {
  const std::uint32_t lengths = LengthsEntry(content);
  if (lengths != 0) return lengths;
  FW_ASSIGN_OR_RETURN(const std::uint32_t record, arena_.AllocateRecord());
  const std::uint32_t entry = Entry(FW_ENTRY_SUBTREE, record);
  Record(entry) = content;
  return entry;
}

template <typename Address>
fw_subtree& Generation<Address>::Record(std::uint32_t entry) const {
  const std::uint32_t record = entry & FW_ENTRY_PAYLOAD;
  return memory_->line(record / FW_LINE_RECORDS)
      ->subtrees[record % FW_LINE_RECORDS];
}

template <typename Address>
fw_subtree Generation<Address>::SubtreeOf(std::uint32_t entry) const {
  if (fw_kind_of(entry) == FW_ENTRY_LENGTHS) return SubtreeOfLengths(entry);
  return Record(entry);
}

template <typename Address>
bool Generation<Address>::ChangeSubtree(std::uint32_t entry,
                                        const fw_subtree& content) {
  if (fw_kind_of(entry) != FW_ENTRY_SUBTREE) return false;
  fw_subtree& record = Record(entry);
  const bool lengths_change = record.lengths != content.lengths;
  if (lengths_change && record.background != content.background) return false;
  if (lengths_change) {
    Publish(record.lengths, content.lengths);
  } else {
    Publish(record.background, content.background);
  }
  return true;
}

template <typename Address>
void Generation<Address>::RetireSubtree(std::uint32_t entry) {
  if (fw_kind_of(entry) != FW_ENTRY_SUBTREE) return;
  arena_.RetireRecord(entry & FW_ENTRY_PAYLOAD);
}

template <typename Address>
fw_generation Generation<Address>::Describe() const {
  fw_generation generation = buckets_.description();
  generation.root_slab = root_slab_;
  front_.Describe(generation);
  return generation;
}

template <typename Address>
std::uint64_t Generation<Address>::memory_bytes() const {
  return Slabs().size() * LineMemory::kSlabBytes;
}

template class Generation<Address4>;
template class Generation<Address6>;

}  // namespace fwagent::lookup
