// The prefixes of one set, packed: there may be millions of them.
#ifndef FWAGENT_AGENT_POLICY_SET_ENTRIES_H_
#define FWAGENT_AGENT_POLICY_SET_ENTRIES_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "agent/policy/deadline.h"
#include "agent/policy/prefix.h"

namespace fwagent::policy {

// One prefix of a set.
struct SetEntry {
  Prefix prefix;
  Deadline until = kForever;

  bool operator==(const SetEntry&) const = default;
};

// What becomes of entries: those that go or end at another time, as they were,
// and those that come or end at another time, as they are then.
struct SetDifference {
  std::vector<SetEntry> before;
  std::vector<SetEntry> after;

  bool empty() const { return before.empty() && after.empty(); }
  SetDifference Inverse() const { return {after, before}; }
};

// In order of family, address and length, so that what a prefix holds follows
// it; no prefix twice.
class SetEntries {
 public:
  // Collects entries in any order. Of a prefix that is given twice, the entry
  // that ends last counts.
  class Builder;

  // Puts an entry in, or in the place of the one with the same prefix.
  void Put(const SetEntry& entry);
  // Whether it was there.
  bool Erase(const Prefix& prefix);

  std::optional<Deadline> Find(const Prefix& prefix) const;
  // Those that hold all of the prefix, the longest one first.
  std::vector<SetEntry> Holding(const Prefix& prefix) const;
  // At most `limit` of those behind `after`; from the first one on without it.
  std::vector<SetEntry> Page(const std::optional<Prefix>& after,
                             std::size_t limit) const;
  void ForEach(const std::function<void(const SetEntry&)>& visit) const;

  static SetDifference Compare(const SetEntries& before,
                               const SetEntries& after);

  std::size_t size() const { return ipv4_.size() + ipv6_.size(); }
  bool empty() const { return size() == 0; }
  std::size_t size(Family family) const {
    return family == Family::kIPv4 ? ipv4_.size() : ipv6_.size();
  }

  bool operator==(const SetEntries&) const = default;

 private:
  // The address, then the length in the lower eight bits.
  using Key4 = std::uint64_t;
  struct Key6 {
    std::uint64_t high;
    std::uint64_t low;
    std::uint8_t length;
    auto operator<=>(const Key6&) const = default;
  };
  template <typename Key>
  using Map = absl::btree_map<Key, Deadline>;

  static Key4 ToKey4(const Prefix& prefix);
  static Key6 ToKey6(const Prefix& prefix);
  static Prefix ToPrefix(Key4 key);
  static Prefix ToPrefix(const Key6& key);

  Map<Key4> ipv4_;
  Map<Key6> ipv6_;
};

// Makes entries that are as `difference.before` says be as `after` says.
void ApplyDifference(const SetDifference& difference, SetEntries& entries);

class SetEntries::Builder {
 public:
  // Bytes of one entry in the packed form: an address, then a length in bits.
  static constexpr std::size_t kPackedBytes4 = 4 + 1;
  static constexpr std::size_t kPackedBytes6 = 16 + 1;

  void Add(const SetEntry& entry);
  // Entries of one family in a row, all with the same end. INVALID_ARGUMENT
  // names the first that is no canonical prefix; then none was added.
  absl::Status AddPacked(Family family, std::string_view bytes,
                         Deadline until = kForever);
  // As many as were given.
  std::size_t size() const { return ipv4_.size() + ipv6_.size(); }

  SetEntries Build() &&;

 private:
  absl::Status AddPacked4(std::string_view bytes, Deadline until);
  absl::Status AddPacked6(std::string_view bytes, Deadline until);

  std::vector<std::pair<Key4, Deadline>> ipv4_;
  std::vector<std::pair<Key6, Deadline>> ipv6_;
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_SET_ENTRIES_H_
