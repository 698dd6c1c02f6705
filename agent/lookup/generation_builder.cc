#include "agent/lookup/generation_builder.h"

#include <algorithm>
#include <bitset>
#include <random>
#include <vector>

#include "agent/lookup/lengths.h"
#include "agent/util/status_macros.h"

namespace fwagent::lookup {
namespace {

constexpr int kRootLength = FW_ROOT_LENGTH;
constexpr int kChunkLength = FW_CHUNK_LENGTH;
constexpr int kTopLength = 32;

// Another one for each table: who knows the list of prefixes still does not
// know which of them meet in one line.
std::uint64_t RandomSeed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

template <typename Address>
class Builder {
 public:
  using Items = std::span<const Item<Address>>;

  Builder(Generation<Address>& generation, const Statements& statements)
      : generation_(generation), statements_(statements) {}

  // RESOURCE_EXHAUSTED also when the buckets are too small: see
  // buckets_too_small().
  absl::Status Build(Items items);

  bool buckets_too_small() const { return buckets_too_small_; }

 private:
  // The prefixes that hold the present one, from the shortest on, and what they
  // say together.
  class Outer {
   public:
    explicit Outer(const Fold& background) : background_(background) {}
    const Fold& Around(const Key<Address>& key) {
      while (!stack_.empty() && !stack_.back().first.Holds(key)) {
        stack_.pop_back();
      }
      return stack_.empty() ? background_ : stack_.back().second;
    }
    void Push(const Key<Address>& key, const Fold& fold) {
      stack_.emplace_back(key, fold);
    }

   private:
    Fold background_;
    std::vector<std::pair<Key<Address>, Fold>> stack_;
  };

  // How many of the items at the front lie in the first one's prefix of this
  // length.
  static std::size_t GroupSize(Items items, int length);
  // The length at which a subtree must hand on to others; 0 if it need not.
  static int SplitLength(Items items, int anchor_length);

  Fold FoldOf(Outer& outer, const Item<Address>& item) {
    return Narrow(outer.Around(item.key), item.number,
                  statements_.Get(item.number));
  }
  absl::Status FillRoot(const Key<Address>& key, const Fold& fold);
  absl::Status BuildChunk(Items items, const Fold& background);
  // The entry of one place.
  absl::StatusOr<std::uint32_t> BuildPlace(Items items, const Fold& background);
  absl::StatusOr<fw_subtree> BuildSubtree(Items items, int anchor_length,
                                          const Fold& background);
  // Soon, that is: the memory of the bucket is on its way meanwhile.
  absl::Status Insert(const Key<Address>& key, std::uint32_t entry);
  absl::Status InsertWaiting();

  // As many as the CPU fetches at once.
  static constexpr std::size_t kWaiting = 32;

  Generation<Address>& generation_;
  const Statements& statements_;
  bool buckets_too_small_ = false;
  std::vector<std::pair<Key<Address>, std::uint32_t>> waiting_;
};

template <typename Address>
absl::Status Builder<Address>::Build(Items items) {
  Outer outer{Fold()};
  while (!items.empty()) {
    const Item<Address>& item = items.front();
    if (item.key.length > kRootLength) {
      const std::size_t size = GroupSize(items, kRootLength);
      FW_RETURN_IF_ERROR(BuildChunk(items.first(size), outer.Around(item.key)));
      items = items.subspan(size);
      continue;
    }
    const Fold fold = FoldOf(outer, item);
    FW_RETURN_IF_ERROR(FillRoot(item.key, fold));
    outer.Push(item.key, fold);
    items = items.subspan(1);
  }
  return InsertWaiting();
}

template <typename Address>
std::size_t Builder<Address>::GroupSize(Items items, int length) {
  const Address anchor = Truncate(items.front().key.address, length);
  std::size_t size = 1;
  while (size < items.size() &&
         Truncate(items[size].key.address, length) == anchor) {
    ++size;
  }
  return size;
}

template <typename Address>
absl::Status Builder<Address>::FillRoot(const Key<Address>& key,
                                        const Fold& fold) {
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, generation_.EntryOf(fold));
  const std::uint64_t first = Top32(key.address);
  const std::uint64_t size = std::uint64_t{1} << (32 - key.length);
  for (std::uint64_t top = first; top < first + size; top += 1u << 16) {
    FW_RETURN_IF_ERROR(
        generation_.FillChunk(static_cast<std::uint32_t>(top), entry));
  }
  return absl::OkStatus();
}

template <typename Address>
absl::Status Builder<Address>::BuildChunk(Items items, const Fold& background) {
  const std::uint32_t top32 = Top32(items.front().key.address);
  Outer outer(background);
  ChunkImage image;
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry,
                      generation_.EntryOf(background));
  image.fill(entry);
  while (!items.empty()) {
    const Item<Address>& item = items.front();
    const std::uint32_t place = Top32(item.key.address) >> 8 & 0xff;
    if (item.key.length > kChunkLength) {
      const std::size_t size = GroupSize(items, kChunkLength);
      FW_ASSIGN_OR_RETURN(
          image[place], BuildPlace(items.first(size), outer.Around(item.key)));
      items = items.subspan(size);
      continue;
    }
    const Fold fold = FoldOf(outer, item);
    FW_ASSIGN_OR_RETURN(const std::uint32_t covered, generation_.EntryOf(fold));
    std::fill_n(image.begin() + place, 1 << (kChunkLength - item.key.length),
                covered);
    outer.Push(item.key, fold);
    items = items.subspan(1);
  }
  return generation_.WriteChunk(top32, image);
}

template <typename Address>
absl::StatusOr<std::uint32_t> Builder<Address>::BuildPlace(
    Items items, const Fold& background) {
  FW_ASSIGN_OR_RETURN(fw_subtree subtree,
                      BuildSubtree(items, kChunkLength, background));
  subtree.split = 0;  // here it is known: always at kTopLength
  return generation_.MakeSubtree(subtree);
}

template <typename Address>
int Builder<Address>::SplitLength(Items items, int anchor_length) {
  std::bitset<kBits<Address> + 1> lengths;
  for (const Item<Address>& item : items) lengths.set(item.key.length);
  int count = 0;
  for (int length = anchor_length + 1; length <= kBits<Address>; ++length) {
    if (lengths[static_cast<std::size_t>(length)]) ++count;
    const bool at_end =
        (lengths >> (static_cast<std::size_t>(length) + 1)).none();
    if (at_end) return 0;
    // Most misses end where nothing begins with the same 32 bits.
    if (length == kTopLength || count == FW_SUBTREE_LENGTHS) return length;
  }
  return 0;
}

template <typename Address>
absl::StatusOr<fw_subtree> Builder<Address>::BuildSubtree(
    Items items, int anchor_length, const Fold& background) {
  const int split = SplitLength(items, anchor_length);
  fw_subtree subtree{};
  FW_ASSIGN_OR_RETURN(subtree.background, generation_.EntryOf(background));
  subtree.split = static_cast<std::uint32_t>(split);
  Outer outer(background);
  while (!items.empty()) {
    const Item<Address>& item = items.front();
    Key<Address> key = item.key;
    std::size_t size = 1;
    std::uint32_t entry = 0;
    if (split != 0 && key.length >= split) size = GroupSize(items, split);
    if (size > 1 || (split != 0 && key.length > split)) {
      key = {Truncate(key.address, split), static_cast<std::uint8_t>(split)};
      Fold fold = outer.Around(key);
      Items inner = items.first(size);
      if (item.key == key) {
        fold = Narrow(fold, item.number, statements_.Get(item.number));
        inner = inner.subspan(1);
      }
      FW_ASSIGN_OR_RETURN(const fw_subtree below,
                          BuildSubtree(inner, split, fold));
      FW_ASSIGN_OR_RETURN(entry, generation_.MakeSubtree(below));
    } else {
      const Fold fold = FoldOf(outer, item);
      FW_ASSIGN_OR_RETURN(entry, generation_.EntryOf(fold));
      outer.Push(key, fold);
    }
    FW_RETURN_IF_ERROR(Insert(key, entry));
    if (!HasLength(subtree.lengths, key.length)) {
      subtree.lengths = WithLength(subtree.lengths, key.length);
    }
    items = items.subspan(size);
  }
  return subtree;
}

template <typename Address>
absl::Status Builder<Address>::Insert(const Key<Address>& key,
                                      std::uint32_t entry) {
  generation_.buckets().Prefetch(key);
  waiting_.emplace_back(key, entry);
  return waiting_.size() < kWaiting ? absl::OkStatus() : InsertWaiting();
}

template <typename Address>
absl::Status Builder<Address>::InsertWaiting() {
  for (const auto& [key, entry] : waiting_) {
    if (generation_.buckets().Insert(key, entry)) continue;
    buckets_too_small_ = true;
    return absl::ResourceExhaustedError("the hash table is too small");
  }
  waiting_.clear();
  return absl::OkStatus();
}

// Prefixes in the buckets, but for subtrees below subtrees.
template <typename Address>
std::uint64_t CountLonger(std::span<const Item<Address>> items) {
  std::uint64_t count = 0;
  std::uint64_t last_top = ~std::uint64_t{0};
  for (const Item<Address>& item : items) {
    if (item.key.length > kChunkLength) ++count;
    if (item.key.length > kTopLength && last_top != Top32(item.key.address)) {
      last_top = Top32(item.key.address);
      ++count;
    }
  }
  return count;
}

}  // namespace

template <typename Address>
absl::StatusOr<std::unique_ptr<Generation<Address>>> BuildGeneration(
    LineMemory* memory, std::span<const Item<Address>> items,
    const Statements& statements) {
  std::uint64_t room = CountLonger(items);
  for (;;) {
    FW_ASSIGN_OR_RETURN(auto generation,
                        Generation<Address>::Make(memory, room, RandomSeed()));
    Builder<Address> builder(*generation, statements);
    const absl::Status built = builder.Build(items);
    if (built.ok()) return generation;
    if (!builder.buckets_too_small()) return built;
    // Rare: many prefixes met in neighbouring lines. Those that begin alike
    // do, but no more of them than a line has slots.
    room += room / 2 + 1;
  }
}

template absl::StatusOr<std::unique_ptr<Generation<Address4>>> BuildGeneration(
    LineMemory*, std::span<const Item<Address4>>, const Statements&);
template absl::StatusOr<std::unique_ptr<Generation<Address6>>> BuildGeneration(
    LineMemory*, std::span<const Item<Address6>>, const Statements&);

}  // namespace fwagent::lookup
