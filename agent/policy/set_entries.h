// The prefixes of one set, packed: there may be millions of them.
#ifndef FWAGENT_AGENT_POLICY_SET_ENTRIES_H_
#define FWAGENT_AGENT_POLICY_SET_ENTRIES_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "agent/policy/deadline.h"
#include "agent/policy/entry_table.h"
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
  // Those that hold all of the prefix, the longest one first, without those
  // that have ended.
  std::vector<SetEntry> Holding(const Prefix& prefix,
                                Deadline now = kNever) const;
  // At most `limit` of those behind `after`; from the first one on without it.
  // Without those that have ended.
  std::vector<SetEntry> Page(const std::optional<Prefix>& after,
                             std::size_t limit, Deadline now = kNever) const;
  void ForEach(const std::function<void(const SetEntry&)>& visit) const;

  static SetDifference Compare(const SetEntries& before,
                               const SetEntries& after);

  // Of the entries that end; none of these looks at the others.
  bool HaveEnds() const { return !ipv4_.ends.empty() || !ipv6_.ends.empty(); }
  // When the first of them ends; kForever when there are none.
  Deadline NextDeadline() const;
  // How many of them have ended, and which.
  std::size_t EndedCount(Deadline now) const;
  std::vector<SetEntry> Ended(Deadline now) const;

  // The same without those that have ended; with other ends.
  SetEntries Without(Deadline ended_by) const;
  SetEntries Redated(const std::function<Deadline(Deadline)>& end) const;

  std::size_t size() const {
    return ipv4_.entries.size() + ipv6_.entries.size();
  }
  bool empty() const { return size() == 0; }
  std::size_t size(Family family) const {
    return family == Family::kIPv4 ? ipv4_.entries.size()
                                   : ipv6_.entries.size();
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
  static Key4 ToKey4(const Prefix& prefix);
  static Key6 ToKey6(const Prefix& prefix);
  static Prefix ToPrefix(Key4 key);
  static Prefix ToPrefix(const Key6& key);

  EntryTable<Key4> ipv4_;
  EntryTable<Key6> ipv6_;
};

// Makes entries that are as `difference.before` says be as `after` says.
void ApplyDifference(const SetDifference& difference, SetEntries& entries);

class SetEntries::Builder {
 public:
  // Bytes of one entry in the packed form: an address, then a length in bits.
  static constexpr std::size_t kPackedBytes4 = 4 + 1;
  static constexpr std::size_t kPackedBytes6 = 16 + 1;

  void Add(const SetEntry& entry);
  // Entries of one family in a row, with these ends in the same order, or all
  // without. INVALID_ARGUMENT names the first that is no canonical prefix; then
  // none was added.
  absl::Status AddPacked(Family family, std::string_view bytes,
                         absl::Span<const Deadline> ends = {});
  // As many as were given.
  std::size_t size() const { return ipv4_.size() + ipv6_.size(); }

  SetEntries Build() &&;

 private:
  absl::Status AddPacked4(std::string_view bytes,
                          absl::Span<const Deadline> ends);
  absl::Status AddPacked6(std::string_view bytes,
                          absl::Span<const Deadline> ends);

  EntryTable<Key4>::Pairs ipv4_;
  EntryTable<Key6>::Pairs ipv6_;
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_SET_ENTRIES_H_
