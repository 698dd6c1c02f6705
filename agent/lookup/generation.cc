#include "agent/lookup/generation.h"

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

}  // namespace

template <typename Address>
absl::StatusOr<std::unique_ptr<Generation<Address>>> Generation<Address>::Make(
    LineMemory* memory, std::uint64_t longer_prefixes,
    std::uint64_t multiplier) {
  FW_ASSIGN_OR_RETURN(const std::uint32_t root_slab, memory->AddSlabs(1));
  auto buckets = Buckets<Address>::Make(memory, longer_prefixes, multiplier);
  if (!buckets.ok()) {
    memory->RemoveSlabs({&root_slab, 1});
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
      arena_(memory),
      buckets_(std::move(buckets)) {}

template <typename Address>
Generation<Address>::~Generation() {
  if (abandoned_) return;
  memory_->RemoveSlabs(Slabs());
}

template <typename Address>
std::vector<std::uint32_t> Generation<Address>::Slabs() const {
  std::vector<std::uint32_t> slabs = buckets_.slabs();
  slabs.insert(slabs.end(), arena_.slabs().begin(), arena_.slabs().end());
  slabs.push_back(root_slab_);
  return slabs;
}

template <typename Address>
std::uint32_t& Generation<Address>::RootPlace(std::uint32_t top32) const {
  const std::uint32_t index = top32 >> 16;
  return memory_->line(root_slab_ * FW_SLAB_LINES + index / FW_LINE_ENTRIES)
      ->entries[index % FW_LINE_ENTRIES];
}

template <typename Address>
void Generation<Address>::FillChunk(std::uint32_t top32, std::uint32_t entry) {
  Publish(RootPlace(top32), entry);
}

template <typename Address>
ChunkImage Generation<Address>::ReadChunk(std::uint32_t top32) const {
  const std::uint32_t entry = RootPlace(top32);
  if (fw_kind_of(entry) == FW_ENTRY_CHUNK) {
    return DecodeChunk(memory_->line(entry & FW_ENTRY_PAYLOAD));
  }
  ChunkImage image;
  image.fill(entry);
  return image;
}

template <typename Address>
absl::Status Generation<Address>::WriteChunk(std::uint32_t top32,
                                             const ChunkImage& image) {
  const std::uint32_t old = RootPlace(top32);
  std::uint32_t entry = image[0];
  if (!IsUniform(image) || IsSubtree(entry)) {
    FW_ASSIGN_OR_RETURN(const std::uint32_t first,
                        arena_.AllocateLines(ChunkLines(image)));
    EncodeChunk(image, memory_->line(first));
    entry = Entry(FW_ENTRY_CHUNK, first);
  }
  Publish(RootPlace(top32), entry);
  if (fw_kind_of(old) == FW_ENTRY_CHUNK) {
    const std::uint32_t first = old & FW_ENTRY_PAYLOAD;
    arena_.RetireLines(first, ChunkLines(DecodeChunk(memory_->line(first))));
  }
  return absl::OkStatus();
}

template <typename Address>
absl::Status Generation<Address>::MarkLonger(std::uint32_t top32, bool longer) {
  const std::uint32_t root = RootPlace(top32);
  const std::uint32_t place = top32 >> 8 & 0xff;
  if (fw_kind_of(root) != FW_ENTRY_CHUNK) {
    ChunkImage image = ReadChunk(top32);
    image[place] = longer ? kLookLonger : 0;
    return WriteChunk(top32, image);
  }
  fw_chunk& chunk = memory_->line(root & FW_ENTRY_PAYLOAD)->chunk;
  __u64& word = chunk.longer[place / 64];
  const __u64 bit = __u64{1} << place % 64;
  Publish(word, longer ? word | bit : word & ~bit);
  return absl::OkStatus();
}

template <typename Address>
absl::StatusOr<std::uint32_t> Generation<Address>::EntryOf(const Fold& fold) {
  if (fold.classes == 0) return Entry(KindOf(fold.verdict), fold.number);
  const auto known = meanings_.find(fold);
  if (known != meanings_.end()) return known->second;
  FW_ASSIGN_OR_RETURN(const std::uint32_t record, arena_.AllocateRecord());
  memory_->line(record / FW_LINE_RECORDS)
      ->meanings[record % FW_LINE_RECORDS] = {.classes = fold.classes,
                                              .verdict = KindOf(fold.verdict),
                                              .rule = fold.number};
  const std::uint32_t entry = Entry(FW_ENTRY_MEANING, record);
  meanings_.emplace(fold, entry);
  return entry;
}

template <typename Address>
absl::StatusOr<std::uint32_t> Generation<Address>::MakeSubtree(
    const fw_subtree& content) {
  FW_ASSIGN_OR_RETURN(const std::uint32_t record, arena_.AllocateRecord());
  const std::uint32_t entry = Entry(FW_ENTRY_SUBTREE, record);
  Subtree(entry) = content;
  return entry;
}

template <typename Address>
fw_subtree& Generation<Address>::Subtree(std::uint32_t entry) const {
  const std::uint32_t record = entry & FW_ENTRY_PAYLOAD;
  return memory_->line(record / FW_LINE_RECORDS)
      ->subtrees[record % FW_LINE_RECORDS];
}

template <typename Address>
void Generation<Address>::RetireSubtree(std::uint32_t entry) {
  arena_.RetireRecord(entry & FW_ENTRY_PAYLOAD);
}

template <typename Address>
fw_generation Generation<Address>::Describe() const {
  fw_generation generation{};
  generation.root_slab = root_slab_;
  buckets_.Describe(generation);
  return generation;
}

template <typename Address>
std::uint64_t Generation<Address>::memory_bytes() const {
  return Slabs().size() * LineMemory::kSlabBytes;
}

template class Generation<Address4>;
template class Generation<Address6>;

}  // namespace fwagent::lookup
