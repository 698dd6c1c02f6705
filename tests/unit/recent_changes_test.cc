#include "agent/lookup/recent_changes.h"

#include <gtest/gtest.h>

namespace fwagent::lookup {
namespace {

template <typename Address>
Key<Address> K(const char* prefix) {
  return KeyOf<Address>(*policy::Prefix::Parse(prefix));
}

TEST(RecentChanges, AdmitWhatLiesBesideThem) {
  RecentChanges<Address4> recent;
  recent.Note(K<Address4>("192.0.2.0/25"));
  recent.Note(K<Address4>("198.51.100.7"));
  EXPECT_TRUE(recent.Admits(K<Address4>("192.0.2.128/25")));
  EXPECT_TRUE(recent.Admits(K<Address4>("198.51.100.6")));
}

TEST(RecentChanges, AdmitTheSamePrefixAgain) {
  RecentChanges<Address6> recent;
  recent.Note(K<Address6>("2001:db8::/64"));
  EXPECT_TRUE(recent.Admits(K<Address6>("2001:db8::/64")));
}

TEST(RecentChanges, DoNotAdmitWhatIsInsideOrAround) {
  RecentChanges<Address6> recent;
  recent.Note(K<Address6>("2001:db8::/64"));
  EXPECT_FALSE(recent.Admits(K<Address6>("2001:db8::1")));
  EXPECT_FALSE(recent.Admits(K<Address6>("2001:db8::/63")));
  EXPECT_FALSE(recent.Admits(K<Address6>("::/0")));
  recent.Forget();
  EXPECT_TRUE(recent.Admits(K<Address6>("2001:db8::1")));
}

TEST(RecentChanges, AreFullAtSomePoint) {
  RecentChanges<Address4> recent;
  Address4 host = 0;
  for (; host < 100'000 && recent.Admits({host, 32}); ++host) {
    recent.Note({host, 32});
  }
  EXPECT_LT(host, 100'000u);
  EXPECT_GT(host, 1'000u);
}

}  // namespace
}  // namespace fwagent::lookup
