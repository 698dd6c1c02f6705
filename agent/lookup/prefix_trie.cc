#include "agent/lookup/prefix_trie.h"

#include <algorithm>
#include <bit>

namespace fwagent::lookup {

template <typename Address>
PrefixTrie<Address>::PrefixTrie(Items items, std::uint32_t outside)
    : root_(std::size_t{1} << FW_TRIE_ROOT_BITS) {
  std::vector<Slot> slots(root_.size());
  Split(items, 0, FW_TRIE_ROOT_BITS, outside, slots);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].longer.empty()) {
      root_[i] = slots[i].value;
      continue;
    }
    const std::size_t node = nodes_.size();
    root_[i] = static_cast<std::uint32_t>(node) | FW_TRIE_GOES_ON;
    nodes_.emplace_back();
    MakeNode(node, slots[i], FW_TRIE_ROOT_BITS);
  }
}

// Cuts prefixes that agree in the first `depth` bits at the next `bits`. Every
// slot starts with the value that the outer prefixes give it. The last slots
// may lie beyond the end of the address.
template <typename Address>
void PrefixTrie<Address>::Split(Items items, int depth, int bits,
                                std::uint32_t outer, std::span<Slot> slots) {
  std::fill(slots.begin(), slots.end(), Slot{.value = outer, .longer = {}});
  const auto slot_of = [depth, bits](const TrieItem<Address>& item) {
    const auto rest = static_cast<Address>(item.key.address << depth);
    return static_cast<std::size_t>(rest >> (kBits<Address> - bits));
  };
  for (std::size_t i = 0; i < items.size();) {
    const std::size_t slot = slot_of(items[i]);
    if (const int open = depth + bits - items[i].key.length; open >= 0) {
      for (Slot& covered : slots.subspan(slot, std::size_t{1} << open)) {
        covered.value = items[i].value;
      }
      ++i;
      continue;
    }
    // The shorter ones of a slot came before; these are all there is in it.
    const std::size_t begin = i;
    while (i < items.size() && slot_of(items[i]) == slot) ++i;
    slots[slot].longer = items.subspan(begin, i - begin);
  }
}

// Makes nodes_[index], which has a place already: siblings stand together.
template <typename Address>
void PrefixTrie<Address>::MakeNode(std::size_t index, const Slot& whole,
                                   int depth) {
  std::array<Slot, kNodeSlots> slots;
  Split(whole.longer, depth, FW_TRIE_NODE_BITS, whole.value, slots);
  const fw_trie_node node = Describe(slots);
  nodes_[index] = node;
  nodes_.resize(nodes_.size() +
                static_cast<std::size_t>(std::popcount(node.children)));
  std::size_t child = node.first_child;
  for (const Slot& slot : slots) {
    if (slot.longer.empty()) continue;
    MakeNode(child++, slot, depth + FW_TRIE_NODE_BITS);
  }
}

// Also stores the values. Slots that go on interrupt no run: what stands there
// is never asked for.
template <typename Address>
fw_trie_node PrefixTrie<Address>::Describe(std::span<const Slot> slots) {
  fw_trie_node node{};
  node.first_child = static_cast<std::uint32_t>(nodes_.size());
  node.first_value = static_cast<std::uint32_t>(values_.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (!slots[i].longer.empty()) {
      node.children |= bit;
    } else if (node.runs == 0 || values_.back() != slots[i].value) {
      node.runs |= bit;
      values_.push_back(slots[i].value);
    }
  }
  return node;
}

template class PrefixTrie<Address4>;
template class PrefixTrie<Address6>;

}  // namespace fwagent::lookup
