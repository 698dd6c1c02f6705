#include <gtest/gtest.h>

#include <vector>

#include "agent/lookup/address.h"

namespace fwagent::lookup {
namespace {

template <typename Address>
Key<Address> K(const char* prefix) {
  return KeyOf<Address>(*policy::Prefix::Parse(prefix));
}

TEST(Key, ComesBeforeWhatItHoldsAndThatBeforeAllElse) {
  const std::vector<Key<Address4>> in_order = {
      K<Address4>("0.0.0.0/0"),      K<Address4>("192.0.2.0/24"),
      K<Address4>("192.0.2.0/25"),   K<Address4>("192.0.2.0/32"),
      K<Address4>("192.0.2.128/25"), K<Address4>("192.0.3.0/24"),
      K<Address4>("255.255.255.255")};
  for (std::size_t i = 1; i < in_order.size(); ++i) {
    EXPECT_LT(in_order[i - 1], in_order[i]);
  }
}

TEST(Key, HoldsItselfAndWhatIsInside) {
  const auto prefix = K<Address6>("2001:db8::/32");
  EXPECT_TRUE(prefix.Holds(prefix));
  EXPECT_TRUE(prefix.Holds(K<Address6>("2001:db8:ffff::/48")));
  EXPECT_FALSE(prefix.Holds(K<Address6>("2001:db9::/48")));
  EXPECT_FALSE(prefix.Holds(K<Address6>("2001:d00::/24")));
  EXPECT_TRUE(K<Address6>("::/0").Holds(prefix));
}

TEST(Key, KnowsItsLastAddress) {
  EXPECT_EQ(K<Address4>("192.0.2.0/24").Last(), 0xc00002ffu);
  EXPECT_EQ(K<Address4>("192.0.2.1/32").Last(), 0xc0000201u);
  EXPECT_EQ(K<Address4>("0.0.0.0/0").Last(), 0xffffffffu);
  EXPECT_EQ(K<Address6>("::/0").Last(), absl::Uint128Max());
  EXPECT_EQ(K<Address6>("::/127").Last(), Address6{1});
}

TEST(Key, IsThePrefixAgain) {
  for (const char* text : {"0.0.0.0/0", "192.0.2.0/25", "192.0.2.1/32"}) {
    EXPECT_EQ(PrefixOf(K<Address4>(text)).ToString(), text);
  }
  for (const char* text : {"::/0", "2001:db8::/33", "2001:db8::1/128"}) {
    EXPECT_EQ(PrefixOf(K<Address6>(text)).ToString(), text);
  }
}

TEST(Address, TruncatesAtAnyLength) {
  EXPECT_EQ(Truncate(Address4{0xffffffff}, 0), 0u);
  EXPECT_EQ(Truncate(Address4{0xffffffff}, 9), 0xff800000u);
  EXPECT_EQ(Truncate(Address4{0xffffffff}, 32), 0xffffffffu);
  EXPECT_EQ(Truncate(absl::Uint128Max(), 65),
            absl::MakeUint128(~0ull, 1ull << 63));
}

TEST(Address, BeginsWithItsFirst32Bits) {
  EXPECT_EQ(Top32(absl::MakeUint128(0x20010db800000001, 2)), 0x20010db8u);
  EXPECT_EQ(FromTop32<Address6>(0x20010db8),
            absl::MakeUint128(0x20010db800000000, 0));
  EXPECT_EQ(FromTop32<Address4>(0xc0000201), 0xc0000201u);
}

}  // namespace
}  // namespace fwagent::lookup
