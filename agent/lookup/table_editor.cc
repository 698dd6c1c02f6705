#include "agent/lookup/table_editor.h"

#include <algorithm>

#include "agent/lookup/lengths.h"
#include "agent/util/status_macros.h"

namespace fwagent::lookup {
namespace {

constexpr int kRootLength = 16;
constexpr int kChunkLength = 24;
constexpr int kTopLength = 32;

template <typename Address>
Key<Address> Shorten(const Key<Address>& key, int length) {
  return {Truncate(key.address, length), static_cast<std::uint8_t>(length)};
}

}  // namespace

template <typename Address>
bool TableEditor<Address>::ReachesFar(const Key<Address>& key,
                                      const Statement& statement) const {
  if (key.length < kRootLength) return true;
  if (statements_.ReachesInside(statement) &&
      index_.HasLongerInside(key, kChunkLength)) {
    return true;
  }
  return kBits<Address> > kTopLength && key.length < kTopLength &&
         index_.HasLongerInside(key, kTopLength);
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::Added(const Key<Address>& key,
                                                 const Statement& statement) {
  if (ReachesFar(key, statement)) return false;
  if (key.length > kChunkLength) {
    if (table_.buckets().full()) return false;
    return AddLonger(key);
  }
  FW_RETURN_IF_ERROR(RewriteChunk(key));
  return true;
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::Removed(const Key<Address>& key,
                                                   const Statement& statement) {
  if (ReachesFar(key, statement)) return false;
  if (key.length > kChunkLength) return RemoveLonger(key);
  FW_RETURN_IF_ERROR(RewriteChunk(key));
  return true;
}

template <typename Address>
absl::StatusOr<std::uint32_t> TableEditor<Address>::EntryAt(
    const Key<Address>& key) {
  return table_.EntryOf(index_.FoldAt(key, statements_));
}

template <typename Address>
std::uint32_t TableEditor<Address>::PlaceEntry(const Key<Address>& key) const {
  const std::uint32_t top32 = Top32(key.address);
  return table_.ReadChunk(top32)[top32 >> 8 & 0xff];
}

template <typename Address>
absl::Status TableEditor<Address>::WritePlace(const Key<Address>& key,
                                              std::uint32_t entry) {
  const std::uint32_t top32 = Top32(key.address);
  ChunkImage image = table_.ReadChunk(top32);
  image[top32 >> 8 & 0xff] = entry;
  return table_.WriteChunk(top32, image);
}

template <typename Address>
absl::Status TableEditor<Address>::RewriteChunk(const Key<Address>& key) {
  const std::uint32_t top32 = Top32(key.address);
  const ChunkImage old = table_.ReadChunk(top32);
  ChunkImage image = old;
  const std::uint32_t first = top32 >> 8 & 0xff;
  const std::uint32_t end = first + (1u << (kChunkLength - key.length));
  absl::Status status;
  for (std::uint32_t place = first; place < end && status.ok(); ++place) {
    const Key<Address> place_key = {
        FromTop32<Address>((top32 & 0xffff0000) | place << 8), kChunkLength};
    auto background = EntryAt(place_key);
    auto entry =
        background.ok() ? WithBackground(old[place], *background) : background;
    status = entry.status();
    if (entry.ok()) image[place] = *entry;
  }
  if (status.ok()) status = table_.WriteChunk(top32, image);
  const ChunkImage& unused = status.ok() ? old : image;
  for (std::uint32_t place = first; place < end; ++place) {
    if (image[place] != old[place] && IsSubtree(unused[place])) {
      table_.RetireSubtree(unused[place]);
    }
  }
  return status;
}

template <typename Address>
absl::StatusOr<std::uint32_t> TableEditor<Address>::WithBackground(
    std::uint32_t place_entry, std::uint32_t background) {
  fw_subtree subtree{};
  if (IsSubtree(place_entry)) {
    subtree = table_.Subtree(place_entry);
    if (subtree.background == background) return place_entry;
  } else if (place_entry == kLookLonger) {
    subtree.lengths = kTopLength;
  } else {
    return background;
  }
  if (background == 0 && subtree.lengths == kTopLength) return kLookLonger;
  subtree.background = background;
  return table_.MakeSubtree(subtree);
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::AddLonger(const Key<Address>& key) {
  if (key.length > kTopLength) return AddBelowTop(key);
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, EntryAt(key));
  const std::uint32_t place_entry = PlaceEntry(key);
  if (IsSubtree(place_entry)) return AddToSubtree(key, place_entry, entry);
  if (place_entry == kLookLonger) {
    const auto present = table_.buckets().Find(key);
    if (present.has_value() && IsSubtree(*present)) {
      return SetBackground(*present, entry);
    }
  }
  if (!table_.buckets().Insert(key, entry)) return false;
  if (place_entry == kLookLonger && key.length == kTopLength) return true;
  const absl::Status shown = ShowLength(key);
  if (shown.ok()) return true;
  table_.buckets().Erase(key);
  return shown;
}

template <typename Address>
absl::Status TableEditor<Address>::ShowLength(const Key<Address>& key) {
  const std::uint32_t place_entry = PlaceEntry(key);
  if (place_entry == 0 && key.length == kTopLength) {
    return table_.MarkLonger(Top32(key.address), true);
  }
  fw_subtree subtree{};
  if (place_entry == kLookLonger) {
    subtree.lengths = kTopLength;
  } else {
    subtree.background = place_entry;
  }
  subtree.lengths = WithLength(subtree.lengths, key.length);
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, table_.MakeSubtree(subtree));
  absl::Status written = WritePlace(key, entry);
  if (!written.ok()) table_.RetireSubtree(entry);
  return written;
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::AddToSubtree(
    const Key<Address>& key, std::uint32_t subtree_entry, std::uint32_t entry) {
  const auto present = table_.buckets().Find(key);
  if (present.has_value() && IsSubtree(*present)) {
    return SetBackground(*present, entry);
  }
  fw_subtree& subtree = table_.Subtree(subtree_entry);
  const bool has_length = HasLength(subtree.lengths, key.length);
  if (!has_length && CountLengths(subtree.lengths) == FW_SUBTREE_LENGTHS) {
    return false;
  }
  if (!table_.buckets().Insert(key, entry)) return false;
  if (!has_length) {
    Publish(subtree.lengths, __u64{WithLength(subtree.lengths, key.length)});
  }
  return true;
}

template <typename Address>
bool TableEditor<Address>::SetBackground(std::uint32_t subtree_entry,
                                         std::uint32_t entry) {
  fw_subtree& subtree = table_.Subtree(subtree_entry);
  if (subtree.split != 0) return false;
  Publish(subtree.background, entry);
  return true;
}

// Prefixes below a further split are left to a new generation: so many lengths
// inside one IPv6 /32 are rare.
template <typename Address>
bool TableEditor<Address>::HangsDeeper(const Key<Address>& key,
                                       std::uint32_t top_entry) const {
  const int split = static_cast<int>(table_.Subtree(top_entry).split);
  return split != 0 &&
         (key.length >= split || index_.HasLongerInside(key, split));
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::AddBelowTop(
    const Key<Address>& key) {
  const auto top = table_.buckets().Find(Shorten(key, kTopLength));
  if (!top.has_value() || !IsSubtree(*top)) return MakeTop(key);
  if (HangsDeeper(key, *top)) return false;
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, EntryAt(key));
  return AddToSubtree(key, *top, entry);
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::MakeTop(const Key<Address>& key) {
  const Key<Address> top = Shorten(key, kTopLength);
  Buckets<Address>& buckets = table_.buckets();
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, EntryAt(key));
  FW_ASSIGN_OR_RETURN(const std::uint32_t background, EntryAt(top));
  FW_ASSIGN_OR_RETURN(
      const std::uint32_t subtree,
      table_.MakeSubtree({.lengths = key.length, .background = background}));
  if (!buckets.Insert(key, entry)) {
    table_.RetireSubtree(subtree);
    return false;
  }
  if (buckets.Find(top).has_value()) {
    buckets.Replace(top, subtree);
    return true;
  }
  const auto shown = AddTop(top, subtree);
  if (!shown.ok() || !*shown) {
    buckets.Erase(key);
    table_.RetireSubtree(subtree);
  }
  return shown;
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::AddTop(const Key<Address>& top,
                                                  std::uint32_t subtree) {
  const std::uint32_t place_entry = PlaceEntry(top);
  if (IsSubtree(place_entry)) return AddToSubtree(top, place_entry, subtree);
  if (!table_.buckets().Insert(top, subtree)) return false;
  if (place_entry == kLookLonger) return true;
  absl::Status shown = ShowLength(top);
  if (shown.ok()) return true;
  table_.buckets().Erase(top);
  return shown;
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::RemoveLonger(
    const Key<Address>& key) {
  Buckets<Address>& buckets = table_.buckets();
  if (key.length > kTopLength) {
    const auto top = buckets.Find(Shorten(key, kTopLength));
    if (!top.has_value() || !IsSubtree(*top) || HangsDeeper(key, *top)) {
      return false;
    }
  }
  const auto present = buckets.Find(key);
  if (!present.has_value()) return false;
  if (IsSubtree(*present)) {
    FW_ASSIGN_OR_RETURN(const std::uint32_t entry, EntryAt(key));
    return SetBackground(*present, entry);
  }
  buckets.Erase(key);
  if (key.length > kTopLength) TidyTop(key);
  TidyPlace(key);
  return true;
}

// What follows only makes look-ups shorter; where it fails, nothing is wrong.

template <typename Address>
void TableEditor<Address>::TidyTop(const Key<Address>& key) {
  const Key<Address> top = Shorten(key, kTopLength);
  if (index_.HasLongerInside(top, kTopLength)) return;
  Buckets<Address>& buckets = table_.buckets();
  const auto entry = buckets.Find(top);
  if (!entry.has_value() || !IsSubtree(*entry)) return;
  if (index_.Find(top) != 0) {
    buckets.Replace(top, table_.Subtree(*entry).background);
  } else {
    buckets.Erase(top);
  }
  table_.RetireSubtree(*entry);
}

template <typename Address>
void TableEditor<Address>::TidyPlace(const Key<Address>& key) {
  if (index_.HasLongerInside(Shorten(key, kChunkLength), kChunkLength)) return;
  const std::uint32_t entry = PlaceEntry(key);
  if (entry == kLookLonger) {
    table_.MarkLonger(Top32(key.address), false).IgnoreError();
  } else if (IsSubtree(entry)) {
    const std::uint32_t background = table_.Subtree(entry).background;
    if (WritePlace(key, background).ok()) table_.RetireSubtree(entry);
  }
}

template class TableEditor<Address4>;
template class TableEditor<Address6>;

}  // namespace fwagent::lookup
