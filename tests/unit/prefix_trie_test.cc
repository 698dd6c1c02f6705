#include "agent/lookup/prefix_trie.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/numeric/int128.h"
#include "tests/support/dice.h"

namespace fwagent::lookup {
namespace {

using fwagent::testing::Dice;

constexpr std::uint32_t kOutside = 12345;

template <typename Address>
using Items = std::map<Key<Address>, std::uint32_t>;

template <typename Address>
PrefixTrie<Address> MakeTrie(const Items<Address>& items) {
  std::vector<TrieItem<Address>> sorted;
  for (const auto& [key, value] : items) sorted.push_back({key, value});
  return PrefixTrie<Address>(sorted, kOutside);
}

// As fw_rules.h says; that the program does so, rule_image_test.cc shows.
template <typename Address>
std::uint32_t Ask(const PrefixTrie<Address>& trie, Address address) {
  std::uint32_t found = trie.root()[static_cast<std::size_t>(
      address >> (kBits<Address> - FW_TRIE_ROOT_BITS))];
  Address rest = static_cast<Address>(address << FW_TRIE_ROOT_BITS);
  std::uint32_t number = found & ~FW_TRIE_GOES_ON;
  for (int step = 0; (found & FW_TRIE_GOES_ON) != 0; ++step) {
    if (step == FW_TRIE_STEPS) return ~0U;
    const fw_trie_node& node = trie.nodes().at(number);
    const auto slot =
        static_cast<int>(rest >> (kBits<Address> - FW_TRIE_NODE_BITS));
    const std::uint64_t up_to_it = ~std::uint64_t{0} >> (63 - slot);
    const auto rank = [up_to_it](std::uint64_t word) {
      return static_cast<std::uint32_t>(std::popcount(word & up_to_it)) - 1;
    };
    if ((node.children >> slot & 1) == 0) {
      return trie.values().at(node.first_value + rank(node.runs));
    }
    number = node.first_child + rank(node.children);
    rest = static_cast<Address>(rest << FW_TRIE_NODE_BITS);
  }
  return found;
}

template <typename Address>
std::uint32_t Naive(const Items<Address>& items, Address address) {
  int longest = -1;
  std::uint32_t value = kOutside;
  for (const auto& [key, said] : items) {
    if (key.length > longest && key.Holds({address, kBits<Address>})) {
      longest = key.length;
      value = said;
    }
  }
  return value;
}

template <typename Address>
Address RandomAddress(Dice& dice) {
  if constexpr (kBits<Address> == 32) {
    return static_cast<Address>(dice.Below(1ULL << 32));
  } else {
    return absl::MakeUint128(dice.Below(~0ULL), dice.Below(~0ULL));
  }
}

// One that differs from another in few bits, somewhere.
template <typename Address>
Address Near(Dice& dice, Address address) {
  for (auto n = dice.Below(3); n > 0; --n) {
    address ^= Address{1} << static_cast<int>(dice.Below(kBits<Address>));
  }
  return address;
}

template <typename Address>
void CompareAtRandom(std::uint64_t seed) {
  Dice dice(seed);
  Items<Address> items;
  std::vector<Address> addresses = {0, static_cast<Address>(~Address{0})};
  for (auto n = dice.Below(200); n > 0; --n) {
    const Address address = dice.OneIn(3) ? RandomAddress<Address>(dice)
                                          : Near(dice, dice.Of(addresses));
    const int length = dice.OneIn(8)
                           ? static_cast<int>(dice.Below(20))
                           : static_cast<int>(dice.Below(kBits<Address> + 1));
    const Key<Address> key{Truncate(address, length),
                           static_cast<std::uint8_t>(length)};
    items[key] = static_cast<std::uint32_t>(dice.Below(4));
    addresses.push_back(address);
    addresses.push_back(key.address);
    addresses.push_back(key.Last());
    addresses.push_back(static_cast<Address>(key.address - 1));
    addresses.push_back(static_cast<Address>(key.Last() + 1));
  }
  const auto trie = MakeTrie(items);
  for (int i = 0; i < 300; ++i)
    addresses.push_back(Near(dice, dice.Of(addresses)));
  for (const Address address : addresses) {
    ASSERT_EQ(Ask(trie, address), Naive(items, address)) << "seed " << seed;
  }
}

TEST(PrefixTrie, WithoutPrefixesSaysTheSameOfAll) {
  const auto trie = MakeTrie<Address4>({});
  EXPECT_EQ(Ask<Address4>(trie, 0), kOutside);
  EXPECT_EQ(Ask<Address4>(trie, ~0U), kOutside);
  EXPECT_TRUE(trie.nodes().empty());
  EXPECT_TRUE(trie.values().empty());
}

TEST(PrefixTrie, TheLongestPrefixDecides) {
  const auto trie = MakeTrie<Address4>({{{0, 0}, 1},
                                        {{0x0a000000, 8}, 2},
                                        {{0x0a010000, 16}, 3},
                                        {{0x0a010200, 23}, 4},
                                        {{0x0a010203, 32}, 5}});
  EXPECT_EQ(Ask<Address4>(trie, 0xc0000201), 1u);
  EXPECT_EQ(Ask<Address4>(trie, 0x0a000000), 2u);
  EXPECT_EQ(Ask<Address4>(trie, 0x0a010100), 3u);
  EXPECT_EQ(Ask<Address4>(trie, 0x0a0103ff), 4u);
  EXPECT_EQ(Ask<Address4>(trie, 0x0a010204), 4u);
  EXPECT_EQ(Ask<Address4>(trie, 0x0a010203), 5u);
  EXPECT_EQ(Ask<Address4>(trie, 0x0a010400), 3u);
}

// A node beyond the end of the address has slots that are never asked for.
TEST(PrefixTrie, HostsOfBothFamiliesAreFound) {
  const auto four = MakeTrie<Address4>({{{0xffffffff, 32}, 1}, {{0, 32}, 2}});
  EXPECT_EQ(Ask<Address4>(four, 0xffffffff), 1u);
  EXPECT_EQ(Ask<Address4>(four, 0xfffffffe), kOutside);
  EXPECT_EQ(Ask<Address4>(four, 0), 2u);
  EXPECT_EQ(Ask<Address4>(four, 1), kOutside);
  const Address6 last = absl::Uint128Max();
  const auto six = MakeTrie<Address6>({{{last, 128}, 1}, {{0, 127}, 2}});
  EXPECT_EQ(Ask<Address6>(six, last), 1u);
  EXPECT_EQ(Ask<Address6>(six, last - 1), kOutside);
  EXPECT_EQ(Ask<Address6>(six, 1), 2u);
  EXPECT_EQ(Ask<Address6>(six, 2), kOutside);
}

TEST(PrefixTrie, SaysWhatANaiveSearchSaysOfIPv4) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CompareAtRandom<Address4>(seed);
  }
}

TEST(PrefixTrie, SaysWhatANaiveSearchSaysOfIPv6) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CompareAtRandom<Address6>(seed);
  }
}

}  // namespace
}  // namespace fwagent::lookup
