// A trie that finds the longest prefix of an address, as ordered rules need it.
#ifndef FWAGENT_AGENT_LOOKUP_PREFIX_TRIE_H_
#define FWAGENT_AGENT_LOOKUP_PREFIX_TRIE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/lookup/address.h"
#include "bpf/fw_rules.h"

namespace fwagent::lookup {

// A prefix and what is said of the addresses in it; below FW_TRIE_GOES_ON.
template <typename Address>
struct TrieItem {
  Key<Address> key;
  std::uint32_t value = 0;
};

// Never changed: other prefixes make another one.
template <typename Address>
class PrefixTrie {
 public:
  // `items` in order of key, each key once; `outside` is what is said of other
  // addresses.
  PrefixTrie(std::span<const TrieItem<Address>> items, std::uint32_t outside);

  // One word for each of the first sixteen bits.
  const std::vector<std::uint32_t>& root() const { return root_; }
  const std::vector<fw_trie_node>& nodes() const { return nodes_; }
  const std::vector<std::uint32_t>& values() const { return values_; }

 private:
  using Items = std::span<const TrieItem<Address>>;
  static constexpr std::size_t kNodeSlots = 1 << FW_TRIE_NODE_BITS;

  // What is said of one slot: a value for all of it, and longer prefixes.
  struct Slot {
    std::uint32_t value = 0;
    Items longer;
  };

  static void Split(Items items, int depth, int bits, std::uint32_t outer,
                    std::span<Slot> slots);
  void MakeNode(std::size_t index, const Slot& whole, int depth);
  fw_trie_node Describe(std::span<const Slot> slots);

  std::vector<std::uint32_t> root_;
  std::vector<fw_trie_node> nodes_;
  std::vector<std::uint32_t> values_;
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_PREFIX_TRIE_H_
