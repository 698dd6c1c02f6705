// The prefixes of one table, as they were given.
#ifndef FWAGENT_AGENT_LOOKUP_PREFIX_INDEX_H_
#define FWAGENT_AGENT_LOOKUP_PREFIX_INDEX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/btree_map.h"
#include "agent/lookup/address.h"
#include "agent/lookup/generation_builder.h"
#include "agent/lookup/statements.h"

namespace fwagent::lookup {

// Each prefix has the number of its statement. Those that the chunks say are
// kept apart from the longer ones, so that each can be walked without the
// other.
template <typename Address>
class PrefixIndex {
 public:
  using Map = absl::btree_map<Key<Address>, std::uint32_t>;

  PrefixIndex() = default;
  // In order, without repetition.
  explicit PrefixIndex(std::span<const Item<Address>> items);

  // 0: not there.
  std::uint32_t Find(const Key<Address>& key) const;
  void Insert(const Key<Address>& key, std::uint32_t number);
  void Erase(const Key<Address>& key);
  // Of a key that is there.
  void Renumber(const Key<Address>& key, std::uint32_t number) {
    MapOf(key)[key] = number;
  }

  std::size_t size() const { return chunked_.size() + longer_.size(); }

  // Everything, in order.
  std::vector<Item<Address>> Items() const;

  // What the prefixes that hold `key`, itself among them, say together.
  Fold FoldAt(const Key<Address>& key, const Statements& statements) const;

  // Whether there are prefixes of more than `length` bits, and more than the
  // key's own, inside the key, of those that are not in a chunk. May be wrong
  // by saying yes where there are very many to look through.
  bool HasLongerInside(const Key<Address>& key, int length) const;

 private:
  Map& MapOf(const Key<Address>& key);

  Map chunked_;
  Map longer_;
  std::array<std::size_t, kBits<Address> + 1> count_by_length_{};
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_PREFIX_INDEX_H_
