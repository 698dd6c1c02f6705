#include "agent/store/chunk_editor.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "agent/store/set_chunk.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

using policy::Prefix;
using policy::SetEntry;

auto Place(std::vector<SetEntry>& entries, const std::string& key) {
  return std::lower_bound(entries.begin(), entries.end(), key,
                          [](const SetEntry& entry, const std::string& wanted) {
                            return ChunkKey(entry.prefix) < wanted;
                          });
}

}  // namespace

absl::Status ChunkEditor::Apply(const policy::SetDifference& difference) {
  auto put = difference.after.begin();
  for (const SetEntry& entry : difference.before) {
    const std::string key = ChunkKey(entry.prefix);
    for (; put != difference.after.end() && ChunkKey(put->prefix) < key;
         ++put) {
      FW_RETURN_IF_ERROR(Put(*put));
    }
    FW_RETURN_IF_ERROR(Erase(entry.prefix));
  }
  for (; put != difference.after.end(); ++put) FW_RETURN_IF_ERROR(Put(*put));
  return Write();
}

absl::Status ChunkEditor::Erase(const Prefix& prefix) {
  FW_RETURN_IF_ERROR(MoveTo(prefix));
  const auto place = Place(entries_, ChunkKey(prefix));
  if (place == entries_.end() || place->prefix != prefix) {
    return absl::InternalError(absl::StrCat(
        rows_.file_, ": the set ", set_.info.name, " has no entry ",
        prefix.ToString(), " to remove; nothing was changed"));
  }
  entries_.erase(place);
  changed_ = true;
  return absl::OkStatus();
}

absl::Status ChunkEditor::Put(const SetEntry& entry) {
  FW_RETURN_IF_ERROR(MoveTo(entry.prefix));
  const auto place = Place(entries_, ChunkKey(entry.prefix));
  if (place != entries_.end() && place->prefix == entry.prefix) {
    *place = entry;
  } else {
    entries_.insert(place, entry);
  }
  changed_ = true;
  return absl::OkStatus();
}

absl::Status ChunkEditor::MoveTo(const Prefix& prefix) {
  const std::string key = ChunkKey(prefix);
  const bool inside = open_ && key.front() == first_.front() && key >= first_ &&
                      (end_.empty() || key < end_);
  if (inside) return absl::OkStatus();
  FW_RETURN_IF_ERROR(Write());
  return Read(key);
}

// The last chunk that does not begin behind the key; else the first one of the
// family.
absl::Status ChunkEditor::Read(const std::string& key) {
  const std::string family = key.substr(0, 1);
  const auto id = static_cast<std::int64_t>(set_.info.id);
  key_.clear();
  end_.clear();
  entries_.clear();
  first_ = family;
  open_ = true;
  const auto take = [&](SqliteStatement& row) -> absl::StatusOr<bool> {
    FW_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return false;
    key_ = std::string(row.BytesAt(0));
    auto entries = UnpackChunk(row.BytesAt(1), rows_.clock_);
    row.Reset();
    if (!entries.ok()) {
      return DamagedError(rows_.file_,
                          absl::StrCat("set ", set_.info.name, ": ",
                                       entries.status().message()));
    }
    entries_ = *std::move(entries);
    return true;
  };
  FW_ASSIGN_OR_RETURN(
      bool found, take(rows_.find_chunk_.Integer(id).Blob(family).Blob(key)));
  if (found) {
    first_ = key_;
  } else {
    FW_ASSIGN_OR_RETURN(found, take(rows_.next_chunk_.Integer(id).Blob(key)));
    if (found && key_.front() != family.front()) {
      key_.clear();
      entries_.clear();
      return absl::OkStatus();
    }
  }
  if (!found) return absl::OkStatus();
  SqliteStatement& next = rows_.next_chunk_.Integer(id).Blob(key_);
  FW_ASSIGN_OR_RETURN(const bool more, next.Step());
  if (more && next.BytesAt(0).front() == family.front()) {
    end_ = std::string(next.BytesAt(0));
  }
  next.Reset();
  return absl::OkStatus();
}

absl::Status ChunkEditor::Write() {
  if (!open_ || !changed_) return absl::OkStatus();
  open_ = false;
  changed_ = false;
  if (!key_.empty()) FW_RETURN_IF_ERROR(rows_.DeleteChunk(key_, set_));
  const std::size_t size = entries_.size();
  const std::size_t parts =
      size > 2 * kChunkEntries ? (size + kChunkEntries - 1) / kChunkEntries : 1;
  for (std::size_t i = 0; i < parts; ++i) {
    const auto from =
        entries_.begin() + static_cast<std::ptrdiff_t>(size * i / parts);
    const auto to =
        entries_.begin() + static_cast<std::ptrdiff_t>(size * (i + 1) / parts);
    FW_RETURN_IF_ERROR(rows_.WriteChunk(std::vector<SetEntry>(from, to), set_));
  }
  return absl::OkStatus();
}

}  // namespace fwagent::store
