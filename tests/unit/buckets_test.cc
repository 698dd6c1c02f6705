#include "agent/lookup/buckets.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "tests/support/heap_line_memory.h"

namespace fwagent::lookup {
namespace {

using testing::HeapLineMemory;

constexpr std::uint64_t kSeed = 0x1234567890abcdef;
constexpr std::uint32_t kBlock = FW_ENTRY_BLOCK << FW_ENTRY_PAYLOAD_BITS;

template <typename Address>
class BucketsTest : public ::testing::Test {
 protected:
  BucketsTest() : buckets_(*Buckets<Address>::Make(&memory_, 0, kSeed)) {}

  // Different ones, of all lengths that buckets take.
  std::vector<Key<Address>> Keys(std::size_t count) {
    std::mt19937_64 random(1);
    std::map<Key<Address>, bool> keys;
    while (keys.size() < count) {
      const Address address = static_cast<Address>(
          absl::MakeUint128(random(), random()) >> (128 - kBits<Address>));
      const int length =
          25 + static_cast<int>(random() % (kBits<Address> - 24));
      keys[{Truncate(address, length), static_cast<std::uint8_t>(length)}];
    }
    std::vector<Key<Address>> list;
    for (const auto& [key, unused] : keys) list.push_back(key);
    return list;
  }

  HeapLineMemory memory_;
  Buckets<Address> buckets_;
};

using Families = ::testing::Types<Address4, Address6>;
TYPED_TEST_SUITE(BucketsTest, Families);

TYPED_TEST(BucketsTest, FindsWhatIsThereAndNothingElse) {
  const auto keys = this->Keys(4000);
  for (std::size_t i = 0; i < keys.size(); i += 2) {
    ASSERT_TRUE(this->buckets_.Insert(
        keys[i], kBlock | static_cast<std::uint32_t>(i + 1)));
  }
  EXPECT_EQ(this->buckets_.size(), keys.size() / 2);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto found = this->buckets_.Find(keys[i]);
    ASSERT_EQ(found.has_value(), i % 2 == 0) << i;
    EXPECT_EQ(found.value_or(0), i % 2 == 0 ? kBlock | (i + 1) : 0);
  }
}

TYPED_TEST(BucketsTest, ForgetsWhatWasErased) {
  const auto keys = this->Keys(2000);
  for (const auto& key : keys) {
    ASSERT_TRUE(this->buckets_.Insert(key, kBlock | 1));
  }
  for (std::size_t i = 0; i < keys.size(); i += 2) {
    this->buckets_.Erase(keys[i]);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(this->buckets_.Find(keys[i]).has_value(), i % 2 != 0);
  }
  EXPECT_EQ(this->buckets_.size(), keys.size() / 2);
}

// An address and all prefixes that begin with it differ in their length only.
TYPED_TEST(BucketsTest, TellsLengthsApart) {
  for (const TypeParam address :
       {TypeParam{0}, static_cast<TypeParam>(~TypeParam{0})}) {
    for (int length = 25; length <= kBits<TypeParam>; ++length) {
      const Key<TypeParam> key = {Truncate(address, length),
                                  static_cast<std::uint8_t>(length)};
      EXPECT_FALSE(this->buckets_.Find(key).has_value()) << length;
      ASSERT_TRUE(this->buckets_.Insert(
          key, kBlock | static_cast<std::uint32_t>(length)));
      EXPECT_EQ(this->buckets_.Find(key),
                kBlock | static_cast<std::uint32_t>(length));
    }
  }
}

TYPED_TEST(BucketsTest, ReplacesAnEntry) {
  const auto keys = this->Keys(2);
  ASSERT_TRUE(this->buckets_.Insert(keys[0], kBlock | 1));
  ASSERT_TRUE(this->buckets_.Insert(keys[1], kBlock | 2));
  this->buckets_.Replace(keys[0], kBlock | 3);
  EXPECT_EQ(this->buckets_.Find(keys[0]), kBlock | 3);
  EXPECT_EQ(this->buckets_.Find(keys[1]), kBlock | 2);
  EXPECT_EQ(this->buckets_.size(), 2u);
}

// It says so before prefixes find no place.
TYPED_TEST(BucketsTest, IsFullAtSomePoint) {
  std::uint64_t inserted = 0;
  for (const auto& key : this->Keys(70'000)) {
    if (this->buckets_.full() || !this->buckets_.Insert(key, kBlock)) break;
    ++inserted;
  }
  EXPECT_LT(inserted, 70'000u);
  EXPECT_GT(inserted, 2'000u);
}

// Erased slots come into use again when their lines are full, and not before
// readers have been waited for.
TYPED_TEST(BucketsTest, WaitsForReadersBeforeASlotHoldsAnotherPrefix) {
  const auto keys = this->Keys(200'000);
  std::size_t next = 0;
  while (this->buckets_.Insert(keys[next], kBlock | 1)) ++next;
  EXPECT_EQ(this->memory_.waits(), 0u);
  for (std::size_t i = 0; i < next; ++i) this->buckets_.Erase(keys[i]);
  EXPECT_EQ(this->memory_.waits(), 0u);
  ASSERT_TRUE(this->buckets_.Insert(keys[next], kBlock | 1));
  EXPECT_EQ(this->memory_.waits(), 1u);
  EXPECT_TRUE(this->buckets_.Find(keys[next]).has_value());
}

// Who has read an entry and not yet the code beside it must not find another.
TEST(Buckets6, ErasingLeavesTheCode) {
  HeapLineMemory memory;
  auto buckets = *Buckets<Address6>::Make(&memory, 0, kSeed);
  const Key<Address6> unspecified = {0, 128};
  ASSERT_TRUE(buckets.Insert(unspecified, kBlock | 1));
  buckets.Erase(unspecified);
  const std::uint32_t first = buckets.description().bucket_slab * FW_SLAB_LINES;
  for (std::uint32_t line = 0; line < FW_SLAB_LINES; ++line) {
    const fw_bucket6& bucket = memory.line(first + line)->bucket6;
    for (int i = 0; i < FW_BUCKET6_SLOTS; ++i) {
      EXPECT_EQ(bucket.high[i] | bucket.low[i], 0u);
    }
  }
  EXPECT_FALSE(buckets.Find(unspecified).has_value());
  ASSERT_TRUE(buckets.Insert(unspecified, kBlock | 2));
  EXPECT_EQ(buckets.Find(unspecified), kBlock | 2);
}

}  // namespace
}  // namespace fwagent::lookup
