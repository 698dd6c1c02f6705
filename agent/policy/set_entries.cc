#include "agent/policy/set_entries.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "agent/policy/packed_number.h"

namespace fwagent::policy {
namespace {

// Keys are made of prefixes, which are canonical.
Prefix Canonical(std::string_view bytes, std::uint32_t length) {
  return Prefix::FromBytes(bytes, length).value_or(Prefix());
}

const char* AddressOf(const Prefix& prefix) {
  return reinterpret_cast<const char*>(prefix.address().data());
}

template <typename Map, typename ToPrefix, typename Visit>
void VisitFrom(const Map& map, typename Map::const_iterator from,
               std::size_t limit, Deadline now, const ToPrefix& to_prefix,
               const Visit& visit) {
  for (; from != map.end() && limit > 0; ++from) {
    if (from->second <= now) continue;
    visit(SetEntry{to_prefix(from->first), from->second});
    --limit;
  }
}

template <typename Ends>
auto EndOfEnded(const Ends& ends, Deadline now) {
  return ends.lower_bound({now + 1, {}});
}

template <typename Ends, typename ToPrefix>
void AddEnded(const Ends& ends, Deadline now, const ToPrefix& to_prefix,
              std::vector<SetEntry>& entries) {
  std::vector<typename Ends::value_type> ended(ends.begin(),
                                               EndOfEnded(ends, now));
  std::sort(ended.begin(), ended.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& [until, key] : ended) {
    entries.push_back({to_prefix(key), until});
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
    ipv4_.Put(ToKey4(entry.prefix), entry.until);
  } else {
    ipv6_.Put(ToKey6(entry.prefix), entry.until);
  }
}

bool SetEntries::Erase(const Prefix& prefix) {
  return prefix.family() == Family::kIPv4 ? ipv4_.Erase(ToKey4(prefix))
                                          : ipv6_.Erase(ToKey6(prefix));
}

std::optional<Deadline> SetEntries::Find(const Prefix& prefix) const {
  const auto find = [](const auto& table,
                       const auto& key) -> std::optional<Deadline> {
    const auto found = table.entries.find(key);
    if (found == table.entries.end()) return std::nullopt;
    return found->second;
  };
  return prefix.family() == Family::kIPv4 ? find(ipv4_, ToKey4(prefix))
                                          : find(ipv6_, ToKey6(prefix));
}

std::vector<SetEntry> SetEntries::Holding(const Prefix& prefix,
                                          Deadline now) const {
  std::vector<SetEntry> entries;
  for (int length = prefix.length(); length >= 0; --length) {
    const Prefix shorter = prefix.Shortened(static_cast<std::uint8_t>(length));
    const std::optional<Deadline> until = Find(shorter);
    if (until.has_value() && *until > now) entries.push_back({shorter, *until});
  }
  return entries;
}

std::vector<SetEntry> SetEntries::Page(const std::optional<Prefix>& after,
                                       std::size_t limit, Deadline now) const {
  std::vector<SetEntry> page;
  const auto add = [&page](const SetEntry& entry) { page.push_back(entry); };
  const auto to_prefix = [](const auto& key) { return ToPrefix(key); };
  const bool past_ipv4 = after.has_value() && after->family() == Family::kIPv6;
  if (!past_ipv4) {
    const auto& entries = ipv4_.entries;
    const auto from = after.has_value() ? entries.upper_bound(ToKey4(*after))
                                        : entries.begin();
    VisitFrom(entries, from, limit, now, to_prefix, add);
  }
  const auto& entries = ipv6_.entries;
  const auto from =
      past_ipv4 ? entries.upper_bound(ToKey6(*after)) : entries.begin();
  VisitFrom(entries, from, limit - page.size(), now, to_prefix, add);
  return page;
}

void SetEntries::ForEach(
    const std::function<void(const SetEntry&)>& visit) const {
  const auto visit_all = [&visit](const auto& table) {
    for (const auto& [key, until] : table.entries) {
      visit(SetEntry{ToPrefix(key), until});
    }
  };
  visit_all(ipv4_);
  visit_all(ipv6_);
}

Deadline SetEntries::NextDeadline() const {
  const auto first = [](const auto& ends) {
    return ends.empty() ? kForever : ends.begin()->first;
  };
  return std::min(first(ipv4_.ends), first(ipv6_.ends));
}

std::size_t SetEntries::EndedCount(Deadline now) const {
  const auto count = [now](const auto& ends) {
    return static_cast<std::size_t>(
        std::distance(ends.begin(), EndOfEnded(ends, now)));
  };
  return count(ipv4_.ends) + count(ipv6_.ends);
}

std::vector<SetEntry> SetEntries::Ended(Deadline now) const {
  const auto to_prefix = [](const auto& key) { return ToPrefix(key); };
  std::vector<SetEntry> entries;
  AddEnded(ipv4_.ends, now, to_prefix, entries);
  AddEnded(ipv6_.ends, now, to_prefix, entries);
  return entries;
}

SetEntries SetEntries::Without(Deadline ended_by) const {
  SetEntries entries;
  entries.ipv4_ = ipv4_.Without(ended_by);
  entries.ipv6_ = ipv6_.Without(ended_by);
  return entries;
}

SetEntries SetEntries::Redated(
    const std::function<Deadline(Deadline)>& end) const {
  SetEntries entries;
  entries.ipv4_ = ipv4_.Redated(end);
  entries.ipv6_ = ipv6_.Redated(end);
  return entries;
}

SetDifference SetEntries::Compare(const SetEntries& before,
                                  const SetEntries& after) {
  const auto to_prefix = [](const auto& key) { return ToPrefix(key); };
  SetDifference difference;
  CompareMaps(before.ipv4_.entries, after.ipv4_.entries, to_prefix, difference);
  CompareMaps(before.ipv6_.entries, after.ipv6_.entries, to_prefix, difference);
  return difference;
}

void ApplyDifference(const SetDifference& difference, SetEntries& entries) {
  for (const SetEntry& entry : difference.before) entries.Erase(entry.prefix);
  for (const SetEntry& entry : difference.after) entries.Put(entry);
}

}  // namespace fwagent::policy
