#include "tests/bench/candidate_dir24.h"

#include <algorithm>

#include "candidate_dir24.skel.h"
#include "tests/bench/candidate_object.h"
#include "tests/bench/mapped_array.h"

namespace fwagent::bench {
namespace {

std::uint32_t AddressOf(const Rule& rule) {
  return static_cast<std::uint32_t>(rule.address >> 96);
}

// How many /24 hold a longer prefix.
std::size_t CountBlocks(const RuleSet& set) {
  std::size_t blocks = 0;
  std::uint32_t last = ~0u;
  for (const Rule& rule : set.rules) {
    if (rule.length <= 24 || AddressOf(rule) >> 8 == last) continue;
    last = AddressOf(rule) >> 8;
    ++blocks;
  }
  return blocks;
}

// Rules come with the shorter before the longer inside it, so that each simply
// overwrites what the ones before it said.
void Fill(const RuleSet& set, std::span<std::uint32_t> first,
          std::span<std::uint32_t> second) {
  std::uint32_t blocks = 0;
  for (const Rule& rule : set.rules) {
    const std::uint32_t address = AddressOf(rule);
    if (rule.length <= 24) {
      std::fill_n(first.begin() + (address >> 8), 1u << (24 - rule.length),
                  rule.value);
      continue;
    }
    std::uint32_t& entry = first[address >> 8];
    if ((entry & DIR24_IS_BLOCK) == 0) {
      std::fill_n(second.begin() + blocks * DIR24_BLOCK, DIR24_BLOCK, entry);
      entry = blocks++ | DIR24_IS_BLOCK;
    }
    const std::size_t block = entry & ~DIR24_IS_BLOCK;
    std::fill_n(second.begin() + static_cast<std::ptrdiff_t>(
                                     block * DIR24_BLOCK + (address & 0xff)),
                1u << (32 - rule.length), rule.value);
  }
}

}  // namespace

std::unique_ptr<Candidate> LoadDir24(const RuleSet& set) {
  auto object = std::make_unique<CandidateObject<candidate_dir24>>(set.family);
  auto& maps = (*object)->maps;
  object->Resize(maps.second, std::max<std::size_t>(CountBlocks(set), 1));
  object->Load();
  MappedArray<std::uint32_t> first(maps.first);
  MappedArray<std::uint32_t> second(maps.second);
  Fill(set, first.entries(), second.entries());
  return object;
}

}  // namespace fwagent::bench
