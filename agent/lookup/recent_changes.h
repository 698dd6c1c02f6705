// Which changes in place a look-up may be in the middle of.
#ifndef FWAGENT_AGENT_LOOKUP_RECENT_CHANGES_H_
#define FWAGENT_AGENT_LOOKUP_RECENT_CHANGES_H_

#include <bitset>
#include <cstddef>

#include "absl/container/btree_set.h"
#include "agent/lookup/address.h"

namespace fwagent::lookup {

// A look-up reads one prefix after the other. Where two prefixes that hold its
// address change while it does, it may miss the first change and meet the
// second: an answer that was right at no time. So between two such changes,
// readers must be waited for. Changes of prefixes side by side never meet.
template <typename Address>
class RecentChanges {
 public:
  // Whether this prefix may change without a wait: nothing inside it or around
  // it has changed since the last one, and there is room for the note.
  bool Admits(const Key<Address>& key) const;

  void Note(const Key<Address>& key);

  // Readers have been waited for.
  void Forget();

 private:
  bool HasAround(const Key<Address>& key) const;
  bool HasInside(const Key<Address>& key) const;

  absl::btree_set<Key<Address>> keys_;
  std::bitset<kBits<Address> + 1> lengths_;  // of the keys
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_RECENT_CHANGES_H_
