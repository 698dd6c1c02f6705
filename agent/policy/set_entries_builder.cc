// How a set's entries are put together from many in any order.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/policy/packed_number.h"
#include "agent/policy/set_entries.h"

namespace fwagent::policy {
namespace {

// In order, each key once.
template <typename Key>
void SortAndMerge(std::vector<std::pair<Key, Deadline>>& entries) {
  if (!std::is_sorted(entries.begin(), entries.end())) {
    std::sort(entries.begin(), entries.end());
  }
  // Of those with one key, the last one ends last.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool last =
        i + 1 == entries.size() || entries[i].first != entries[i + 1].first;
    if (last) entries[kept++] = entries[i];
  }
  entries.resize(kept);
}

}  // namespace

void SetEntries::Builder::Add(const SetEntry& entry) {
  if (entry.prefix.family() == Family::kIPv4) {
    ipv4_.emplace_back(ToKey4(entry.prefix), entry.until);
  } else {
    ipv6_.emplace_back(ToKey6(entry.prefix), entry.until);
  }
}

absl::Status SetEntries::Builder::AddPacked(Family family,
                                            std::string_view bytes,
                                            absl::Span<const Deadline> ends) {
  const std::size_t width =
      family == Family::kIPv4 ? kPackedBytes4 : kPackedBytes6;
  if (bytes.size() % width != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", bytes.size(), " bytes, which is no multiple of ",
                     width, ": an address and a length in one byte"));
  }
  if (!ends.empty() && ends.size() != bytes.size() / width) {
    return absl::InvalidArgumentError(absl::StrCat(
        "has ", bytes.size() / width, " prefixes, but ", ends.size(), " ends"));
  }
  return family == Family::kIPv4 ? AddPacked4(bytes, ends)
                                 : AddPacked6(bytes, ends);
}

absl::Status SetEntries::Builder::AddPacked4(std::string_view bytes,
                                             absl::Span<const Deadline> ends) {
  const std::size_t before = ipv4_.size();
  for (std::size_t at = 0; at < bytes.size(); at += kPackedBytes4) {
    const Key4 key = ReadBytes(bytes.data() + at, kPackedBytes4);
    const std::uint32_t length = key & 0xff;
    const std::uint64_t host_bits =
        length > 32 ? ~std::uint64_t{0} : 0xffff'ffffull >> length;
    if (length > 32 || (key >> 8 & host_bits) != 0) {
      ipv4_.resize(before);
      const auto prefix = Prefix::FromBytes(bytes.substr(at, 4), length);
      return absl::InvalidArgumentError(absl::StrCat(
          "entry ", at / kPackedBytes4, ": ", prefix.status().message()));
    }
    ipv4_.emplace_back(key, ends.empty() ? kForever : ends[at / kPackedBytes4]);
  }
  return absl::OkStatus();
}

absl::Status SetEntries::Builder::AddPacked6(std::string_view bytes,
                                             absl::Span<const Deadline> ends) {
  const std::size_t before = ipv6_.size();
  for (std::size_t at = 0; at < bytes.size(); at += kPackedBytes6) {
    const auto prefix = Prefix::FromBytes(
        bytes.substr(at, 16), static_cast<std::uint8_t>(bytes[at + 16]));
    if (!prefix.ok()) {
      ipv6_.resize(before);
      return absl::InvalidArgumentError(absl::StrCat(
          "entry ", at / kPackedBytes6, ": ", prefix.status().message()));
    }
    ipv6_.emplace_back(ToKey6(*prefix),
                       ends.empty() ? kForever : ends[at / kPackedBytes6]);
  }
  return absl::OkStatus();
}

SetEntries SetEntries::Builder::Build() && {
  SetEntries entries;
  SortAndMerge(ipv4_);
  SortAndMerge(ipv6_);
  entries.ipv4_.Fill(ipv4_);
  entries.ipv6_.Fill(ipv6_);
  return entries;
}

}  // namespace fwagent::policy
