// Entries of one family of a set, by their packed prefixes.
#ifndef FWAGENT_AGENT_POLICY_ENTRY_TABLE_H_
#define FWAGENT_AGENT_POLICY_ENTRY_TABLE_H_

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "agent/policy/deadline.h"

namespace fwagent::policy {

// Who has no entries that end pays nothing for `ends`.
template <typename Key>
struct EntryTable {
  using Pairs = std::vector<std::pair<Key, Deadline>>;

  absl::btree_map<Key, Deadline> entries;
  // Those that end, the first to end first.
  absl::btree_set<std::pair<Deadline, Key>> ends;

  void Put(const Key& key, Deadline until) {
    const auto [place, is_new] = entries.try_emplace(key, until);
    if (!is_new && place->second != kForever) ends.erase({place->second, key});
    place->second = until;
    if (until != kForever) ends.emplace(until, key);
  }

  // Whether it was there.
  bool Erase(const Key& key) {
    const auto place = entries.find(key);
    if (place == entries.end()) return false;
    if (place->second != kForever) ends.erase({place->second, key});
    entries.erase(place);
    return true;
  }

  // In the place of everything: in order, each key once. Appending to a tree
  // is many times faster than inserting anywhere.
  void Fill(const Pairs& sorted) {
    entries.clear();
    ends.clear();
    std::vector<std::pair<Deadline, Key>> ending;
    for (const auto& [key, until] : sorted) {
      entries.emplace_hint(entries.end(), key, until);
      if (until != kForever) ending.emplace_back(until, key);
    }
    if (!std::is_sorted(ending.begin(), ending.end())) {
      std::sort(ending.begin(), ending.end());
    }
    for (const auto& one : ending) ends.insert(ends.end(), one);
  }

  // A copy without those that have ended.
  EntryTable Without(Deadline ended_by) const {
    Pairs kept;
    kept.reserve(entries.size());
    for (const auto& [key, until] : entries) {
      if (until > ended_by) kept.emplace_back(key, until);
    }
    EntryTable table;
    table.Fill(kept);
    return table;
  }

  // A copy with other ends.
  EntryTable Redated(const std::function<Deadline(Deadline)>& end) const {
    Pairs redated;
    redated.reserve(entries.size());
    for (const auto& [key, until] : entries) {
      redated.emplace_back(key, end(until));
    }
    EntryTable table;
    table.Fill(redated);
    return table;
  }

  bool operator==(const EntryTable& other) const {
    return entries == other.entries;
  }
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_ENTRY_TABLE_H_
