#include "agent/policy/set_entries.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_cat.h"

namespace fwagent::policy {
namespace {

std::uint64_t ReadBytes(const char* bytes, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return value;
}

void WriteBytes(std::uint64_t value, char* bytes, int count) {
  for (int i = count - 1; i >= 0; --i, value >>= 8) {
    bytes[i] = static_cast<char>(static_cast<std::uint8_t>(value));
  }
}

// Keys are made of prefixes, which are canonical.
Prefix Canonical(std::string_view bytes, std::uint32_t length) {
  return Prefix::FromBytes(bytes, length).value_or(Prefix());
}

const char* AddressOf(const Prefix& prefix) {
  return reinterpret_cast<const char*>(prefix.address().data());
}

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

template <typename Map, typename ToPrefix, typename Visit>
void VisitFrom(const Map& map, typename Map::const_iterator from,
               std::size_t limit, const ToPrefix& to_prefix,
               const Visit& visit) {
  for (; from != map.end() && limit > 0; ++from, --limit) {
    visit(SetEntry{to_prefix(from->first), from->second});
  }
}

template <typename Map, typename ToPrefix>
void CompareMaps(const Map& before, const Map& after, const ToPrefix& to_prefix,
                 SetDifference& difference) {
  auto old_entry = before.begin();
  auto new_entry = after.begin();
  while (old_entry != before.end() || new_entry != after.end()) {
    const bool is_old =
        old_entry != before.end() &&
        (new_entry == after.end() || !(new_entry->first < old_entry->first));
    const bool is_new =
        new_entry != after.end() &&
        (old_entry == before.end() || !(old_entry->first < new_entry->first));
    const bool same =
        is_old && is_new && old_entry->second == new_entry->second;
    if (is_old && !same) {
      difference.before.push_back(
          {to_prefix(old_entry->first), old_entry->second});
    }
    if (is_new && !same) {
      difference.after.push_back(
          {to_prefix(new_entry->first), new_entry->second});
    }
    if (is_old) ++old_entry;
    if (is_new) ++new_entry;
  }
}

}  // namespace

SetEntries::Key4 SetEntries::ToKey4(const Prefix& prefix) {
  return ReadBytes(AddressOf(prefix), 4) << 8 | prefix.length();
}

SetEntries::Key6 SetEntries::ToKey6(const Prefix& prefix) {
  return {ReadBytes(AddressOf(prefix), 8), ReadBytes(AddressOf(prefix) + 8, 8),
          prefix.length()};
}

Prefix SetEntries::ToPrefix(Key4 key) {
  std::array<char, 4> bytes;
  WriteBytes(key >> 8, bytes.data(), 4);
  return Canonical({bytes.data(), bytes.size()}, key & 0xff);
}

Prefix SetEntries::ToPrefix(const Key6& key) {
  std::array<char, 16> bytes;
  WriteBytes(key.high, bytes.data(), 8);
  WriteBytes(key.low, bytes.data() + 8, 8);
  return Canonical({bytes.data(), bytes.size()}, key.length);
}

void SetEntries::Put(const SetEntry& entry) {
  if (entry.prefix.family() == Family::kIPv4) {
    ipv4_[ToKey4(entry.prefix)] = entry.until;
  } else {
    ipv6_[ToKey6(entry.prefix)] = entry.until;
  }
}

bool SetEntries::Erase(const Prefix& prefix) {
  return prefix.family() == Family::kIPv4 ? ipv4_.erase(ToKey4(prefix)) != 0
                                          : ipv6_.erase(ToKey6(prefix)) != 0;
}

std::optional<Deadline> SetEntries::Find(const Prefix& prefix) const {
  const auto find = [](const auto& map,
                       const auto& key) -> std::optional<Deadline> {
    const auto found = map.find(key);
    if (found == map.end()) return std::nullopt;
    return found->second;
  };
  return prefix.family() == Family::kIPv4 ? find(ipv4_, ToKey4(prefix))
                                          : find(ipv6_, ToKey6(prefix));
}

std::vector<SetEntry> SetEntries::Holding(const Prefix& prefix) const {
  std::vector<SetEntry> entries;
  for (int length = prefix.length(); length >= 0; --length) {
    const Prefix shorter = prefix.Shortened(static_cast<std::uint8_t>(length));
    const std::optional<Deadline> until = Find(shorter);
    if (until.has_value()) entries.push_back({shorter, *until});
  }
  return entries;
}

std::vector<SetEntry> SetEntries::Page(const std::optional<Prefix>& after,
                                       std::size_t limit) const {
  std::vector<SetEntry> page;
  const auto add = [&page](const SetEntry& entry) { page.push_back(entry); };
  const auto to_prefix = [](const auto& key) { return ToPrefix(key); };
  const bool past_ipv4 = after.has_value() && after->family() == Family::kIPv6;
  if (!past_ipv4) {
    const auto from =
        after.has_value() ? ipv4_.upper_bound(ToKey4(*after)) : ipv4_.begin();
    VisitFrom(ipv4_, from, limit, to_prefix, add);
  }
  const auto from =
      past_ipv4 ? ipv6_.upper_bound(ToKey6(*after)) : ipv6_.begin();
  VisitFrom(ipv6_, from, limit - page.size(), to_prefix, add);
  return page;
}

void SetEntries::ForEach(
    const std::function<void(const SetEntry&)>& visit) const {
  const auto to_prefix = [](const auto& key) { return ToPrefix(key); };
  VisitFrom(ipv4_, ipv4_.begin(), ipv4_.size(), to_prefix, visit);
  VisitFrom(ipv6_, ipv6_.begin(), ipv6_.size(), to_prefix, visit);
}

SetDifference SetEntries::Compare(const SetEntries& before,
                                  const SetEntries& after) {
  const auto to_prefix = [](const auto& key) { return ToPrefix(key); };
  SetDifference difference;
  CompareMaps(before.ipv4_, after.ipv4_, to_prefix, difference);
  CompareMaps(before.ipv6_, after.ipv6_, to_prefix, difference);
  return difference;
}

void ApplyDifference(const SetDifference& difference, SetEntries& entries) {
  for (const SetEntry& entry : difference.before) entries.Erase(entry.prefix);
  for (const SetEntry& entry : difference.after) entries.Put(entry);
}

void SetEntries::Builder::Add(const SetEntry& entry) {
  if (entry.prefix.family() == Family::kIPv4) {
    ipv4_.emplace_back(ToKey4(entry.prefix), entry.until);
  } else {
    ipv6_.emplace_back(ToKey6(entry.prefix), entry.until);
  }
}

absl::Status SetEntries::Builder::AddPacked(Family family,
                                            std::string_view bytes,
                                            Deadline until) {
  const std::size_t width =
      family == Family::kIPv4 ? kPackedBytes4 : kPackedBytes6;
  if (bytes.size() % width != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", bytes.size(), " bytes, which is no multiple of ",
                     width, ": an address and a length in one byte"));
  }
  return family == Family::kIPv4 ? AddPacked4(bytes, until)
                                 : AddPacked6(bytes, until);
}

absl::Status SetEntries::Builder::AddPacked4(std::string_view bytes,
                                             Deadline until) {
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
    ipv4_.emplace_back(key, until);
  }
  return absl::OkStatus();
}

absl::Status SetEntries::Builder::AddPacked6(std::string_view bytes,
                                             Deadline until) {
  const std::size_t before = ipv6_.size();
  for (std::size_t at = 0; at < bytes.size(); at += kPackedBytes6) {
    const auto prefix = Prefix::FromBytes(
        bytes.substr(at, 16), static_cast<std::uint8_t>(bytes[at + 16]));
    if (!prefix.ok()) {
      ipv6_.resize(before);
      return absl::InvalidArgumentError(absl::StrCat(
          "entry ", at / kPackedBytes6, ": ", prefix.status().message()));
    }
    ipv6_.emplace_back(ToKey6(*prefix), until);
  }
  return absl::OkStatus();
}

SetEntries SetEntries::Builder::Build() && {
  SetEntries entries;
  SortAndMerge(ipv4_);
  SortAndMerge(ipv6_);
  for (const auto& entry : ipv4_)
    entries.ipv4_.insert(entries.ipv4_.end(), entry);
  for (const auto& entry : ipv6_)
    entries.ipv6_.insert(entries.ipv6_.end(), entry);
  return entries;
}

}  // namespace fwagent::policy
