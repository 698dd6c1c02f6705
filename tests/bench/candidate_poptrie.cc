#include "tests/bench/candidate_poptrie.h"

#include <algorithm>
#include <array>
#include <bit>

#include "candidate_poptrie.skel.h"
#include "tests/bench/candidate_object.h"
#include "tests/bench/mapped_array.h"

namespace fwagent::bench {
namespace {

// What the rules say of one slot: a value for all of it, and longer rules.
struct Slot {
  std::uint32_t value;
  std::span<const Rule> longer;
};

// Cuts rules that agree up to `depth` at the next `bits` bits. Every slot
// starts with the value that the outer prefixes give it.
void Split(std::span<const Rule> rules, int depth, int bits,
           std::uint32_t outer, std::span<Slot> slots) {
  std::fill(slots.begin(), slots.end(), Slot{.value = outer, .longer = {}});
  const auto slot_of = [depth, bits](const Rule& rule) {
    return static_cast<std::size_t>(rule.address << depth >> (128 - bits));
  };
  for (std::size_t i = 0; i < rules.size();) {
    const std::size_t slot = slot_of(rules[i]);
    if (const int open = depth + bits - rules[i].length; open >= 0) {
      for (Slot& covered : slots.subspan(slot, std::size_t{1} << open)) {
        covered.value = rules[i].value;
      }
      ++i;
      continue;
    }
    // The shorter ones of a slot came before; these are all there is in it.
    const std::size_t begin = i;
    while (i < rules.size() && slot_of(rules[i]) == slot) ++i;
    slots[slot].longer = rules.subspan(begin, i - begin);
  }
}

class Builder {
 public:
  explicit Builder(std::span<const Rule> rules) {
    std::vector<Slot> slots(root_.size());
    Split(rules, 0, POPTRIE_ROOT_BITS, 0, slots);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].longer.empty()) {
        root_[i] = slots[i].value | POPTRIE_IS_VALUE;
        continue;
      }
      root_[i] = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
      MakeNode(root_[i], slots[i], POPTRIE_ROOT_BITS);
    }
  }

  const std::vector<std::uint32_t>& root() const { return root_; }
  const std::vector<poptrie_node>& nodes() const { return nodes_; }
  const std::vector<std::uint32_t>& values() const { return values_; }

 private:
  // Makes nodes_[index], which has a place already: siblings stand together.
  void MakeNode(std::size_t index, const Slot& whole, int depth) {
    std::array<Slot, POPTRIE_NODE_SLOTS> slots;
    Split(whole.longer, depth, POPTRIE_NODE_BITS, whole.value, slots);
    const poptrie_node node = Describe(slots);
    nodes_[index] = node;
    nodes_.resize(nodes_.size() +
                  static_cast<std::size_t>(std::popcount(node.children)));
    std::size_t child = node.first_child;
    for (const Slot& slot : slots) {
      if (slot.longer.empty()) continue;
      MakeNode(child++, slot, depth + POPTRIE_NODE_BITS);
    }
  }

  // Also stores the values. Slots that lead to a node interrupt no run: what
  // stands there is never asked for.
  poptrie_node Describe(std::span<const Slot, POPTRIE_NODE_SLOTS> slots) {
    poptrie_node node{
        .first_child = static_cast<std::uint32_t>(nodes_.size()),
        .first_value = static_cast<std::uint32_t>(values_.size())};
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

  std::vector<std::uint32_t> root_ =
      std::vector<std::uint32_t>(1 << POPTRIE_ROOT_BITS);
  std::vector<poptrie_node> nodes_;
  std::vector<std::uint32_t> values_;
};

template <typename T>
void Copy(const std::vector<T>& from, const bpf_map* map) {
  MappedArray<T> to(map);
  std::copy(from.begin(), from.end(), to.entries().begin());
}

}  // namespace

std::unique_ptr<Candidate> LoadPoptrie(const RuleSet& set) {
  const Builder built(set.rules);
  auto object =
      std::make_unique<CandidateObject<candidate_poptrie>>(set.family);
  auto& maps = (*object)->maps;
  constexpr std::size_t kLine = 16;  // values in a value of the array
  object->Resize(maps.nodes, std::max<std::size_t>(built.nodes().size(), 1));
  object->Resize(maps.values, built.values().size() / kLine + 1);
  object->Load();
  Copy(built.root(), maps.root);
  Copy(built.nodes(), maps.nodes);
  Copy(built.values(), maps.values);
  return object;
}

}  // namespace fwagent::bench
