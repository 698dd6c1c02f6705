#include "agent/lookup/table_editor.h"

#include <algorithm>

#include "agent/lookup/lengths.h"
#include "agent/util/status_macros.h"

namespace fwagent::lookup {
namespace {

constexpr int kRootLength = FW_ROOT_LENGTH;
constexpr int kChunkLength = FW_CHUNK_LENGTH;
constexpr int kTopLength = 32;

template <typename Address>
Key<Address> Shorten(const Key<Address>& key, int length) {
  return {Truncate(key.address, length), static_cast<std::uint8_t>(length)};
}

}  // namespace

template <typename Address>
bool TableEditor<Address>::ReachesFar(const Key<Address>& key,
                                      const Statement& statement) const {
  if (key.length < kRootLength || !table_.CanWrite(Top32(key.address))) {
    return true;
  }
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
absl::StatusOr<bool> TableEditor<Address>::Changed(const Key<Address>& key,
                                                   const Statement& old,
                                                   const Statement& statement) {
  if (ReachesFar(key, old) || ReachesFar(key, statement)) return false;
  if (key.length > kChunkLength) return ChangeLonger(key);
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
    if (image[place] != old[place] && GoesOn(unused[place])) {
      table_.RetireSubtree(unused[place]);
    }
  }
  return status;
}

template <typename Address>
absl::StatusOr<std::uint32_t> TableEditor<Address>::WithBackground(
    std::uint32_t place_entry, std::uint32_t background) {
  if (!GoesOn(place_entry)) return background;
  fw_subtree subtree = table_.SubtreeOf(place_entry);
  if (subtree.background == background) return place_entry;
  subtree.background = background;
  return table_.MakeSubtree(subtree);
}

// What is written before the prefix itself says nothing that was not said
// before: a length of which there is no prefix, a subtree with the answer that
// was there. So the last store is the change, and where there is no room for
// it, nothing needs to be taken back.
template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::AddLonger(const Key<Address>& key) {
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, EntryAt(key));
  const Key<Address> top = Shorten(key, kTopLength);
  if (key.length > kTopLength) {
    const auto present = table_.buckets().Find(top);
    if (present.has_value() && GoesOn(*present)) {
      if (HangsDeeper(key, *present)) return false;
      FW_ASSIGN_OR_RETURN(const bool listed,
                          ListLength(top, *present, key.length));
      return listed && table_.buckets().Insert(key, entry);
    }
    FW_ASSIGN_OR_RETURN(const bool made, MakeTop(key));
    if (!made) return false;
    if (table_.buckets().Insert(key, entry)) return true;
    // Nobody would change its background when shorter prefixes come and go.
    if (index_.Find(top) == 0) table_.buckets().Erase(top);
    return false;
  }
  const auto present = table_.buckets().Find(key);
  if (present.has_value()) return SetBackground(key, *present, entry);
  FW_ASSIGN_OR_RETURN(
      const bool listed,
      ListLength(Shorten(key, kChunkLength), PlaceEntry(key), key.length));
  return listed && table_.buckets().Insert(key, entry);
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::ListLength(
    const Key<Address>& holder, std::uint32_t holder_entry, int length) {
  fw_subtree subtree{};
  if (GoesOn(holder_entry)) {
    subtree = table_.SubtreeOf(holder_entry);
    if (HasLength(subtree.lengths, length)) return true;
    if (CountLengths(subtree.lengths) == FW_SUBTREE_LENGTHS) return false;
  } else if (holder_entry == 0 && length == kTopLength) {
    FW_RETURN_IF_ERROR(table_.MarkLonger(Top32(holder.address), true));
    return true;
  } else {
    subtree.background = holder_entry;
  }
  subtree.lengths = WithLength(subtree.lengths, length);
  FW_RETURN_IF_ERROR(ChangeHolder(holder, holder_entry, subtree));
  return true;
}

template <typename Address>
absl::Status TableEditor<Address>::ChangeHolder(const Key<Address>& holder,
                                                std::uint32_t holder_entry,
                                                const fw_subtree& subtree) {
  if (table_.ChangeSubtree(holder_entry, subtree)) return absl::OkStatus();
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, table_.MakeSubtree(subtree));
  if (holder.length == kTopLength) {
    table_.buckets().Replace(holder, entry);
  } else {
    absl::Status written = WritePlace(holder, entry);
    if (!written.ok()) {
      table_.RetireSubtree(entry);
      return written;
    }
  }
  table_.RetireSubtree(holder_entry);
  return absl::OkStatus();
}

// Of the first 32 bits of an IPv6 address, below which there is a subtree.
template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::SetBackground(
    const Key<Address>& top, std::uint32_t top_entry, std::uint32_t entry) {
  fw_subtree subtree = table_.SubtreeOf(top_entry);
  if (subtree.split != 0) return false;
  subtree.background = entry;
  FW_RETURN_IF_ERROR(ChangeHolder(top, top_entry, subtree));
  return true;
}

// Prefixes below a further split are left to a new generation: so many lengths
// inside one IPv6 /32 are rare.
template <typename Address>
bool TableEditor<Address>::HangsDeeper(const Key<Address>& key,
                                       std::uint32_t top_entry) const {
  const int split = static_cast<int>(table_.SubtreeOf(top_entry).split);
  return split != 0 &&
         (key.length >= split || index_.HasLongerInside(key, split));
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::MakeTop(const Key<Address>& key) {
  const Key<Address> top = Shorten(key, kTopLength);
  fw_subtree subtree{};
  FW_ASSIGN_OR_RETURN(subtree.background, EntryAt(top));
  subtree.lengths = WithLength(0, key.length);
  FW_ASSIGN_OR_RETURN(
      const bool listed,
      ListLength(Shorten(key, kChunkLength), PlaceEntry(key), kTopLength));
  if (!listed) return false;
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, table_.MakeSubtree(subtree));
  if (table_.buckets().Find(top).has_value()) {
    table_.buckets().Replace(top, entry);
    return true;
  }
  if (table_.buckets().Insert(top, entry)) return true;
  table_.RetireSubtree(entry);
  return false;
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::RemoveLonger(
    const Key<Address>& key) {
  Buckets<Address>& buckets = table_.buckets();
  if (key.length > kTopLength) {
    const auto top = buckets.Find(Shorten(key, kTopLength));
    if (!top.has_value() || !GoesOn(*top) || HangsDeeper(key, *top)) {
      return false;
    }
  }
  const auto present = buckets.Find(key);
  if (!present.has_value()) return false;
  if (GoesOn(*present)) {
    FW_ASSIGN_OR_RETURN(const std::uint32_t entry, EntryAt(key));
    return SetBackground(key, *present, entry);
  }
  buckets.Erase(key);
  if (key.length > kTopLength) TidyTop(key);
  TidyPlace(key);
  return true;
}

template <typename Address>
absl::StatusOr<bool> TableEditor<Address>::ChangeLonger(
    const Key<Address>& key) {
  Buckets<Address>& buckets = table_.buckets();
  if (key.length > kTopLength) {
    const auto top = buckets.Find(Shorten(key, kTopLength));
    if (!top.has_value() || !GoesOn(*top) || HangsDeeper(key, *top)) {
      return false;
    }
  }
  const auto present = buckets.Find(key);
  if (!present.has_value()) return false;
  FW_ASSIGN_OR_RETURN(const std::uint32_t entry, EntryAt(key));
  if (GoesOn(*present)) return SetBackground(key, *present, entry);
  buckets.Replace(key, entry);
  return true;
}

// What follows only makes look-ups shorter; where it fails, nothing is wrong.

template <typename Address>
void TableEditor<Address>::TidyTop(const Key<Address>& key) {
  const Key<Address> top = Shorten(key, kTopLength);
  if (index_.HasLongerInside(top, kTopLength)) return;
  Buckets<Address>& buckets = table_.buckets();
  const auto entry = buckets.Find(top);
  if (!entry.has_value() || !GoesOn(*entry)) return;
  if (index_.Find(top) != 0) {
    buckets.Replace(top, table_.SubtreeOf(*entry).background);
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
  } else if (GoesOn(entry)) {
    const std::uint32_t background = table_.SubtreeOf(entry).background;
    if (WritePlace(key, background).ok()) table_.RetireSubtree(entry);
  }
}

template class TableEditor<Address4>;
template class TableEditor<Address6>;

}  // namespace fwagent::lookup
