// Which interfaces are wanted, after everything that was said.
#include "agent/core/interface_wishes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fwagent::core {
namespace {

using dataplane::ModePreference;
using Kind = Wish::Kind;
using ::testing::ElementsAre;

TEST(InterfaceWishesTest, TheConfigurationNamesAndMatches) {
  const InterfaceWishes wishes({"eth0", "wl*"});
  EXPECT_EQ(wishes.Of("eth0").kind, Kind::kGuard);
  EXPECT_TRUE(wishes.Of("eth0").by_name);
  EXPECT_EQ(wishes.Of("wlan0").kind, Kind::kGuard);
  EXPECT_FALSE(wishes.Of("wlan0").by_name);
  EXPECT_EQ(wishes.Of("eth1").kind, Kind::kNone);
  EXPECT_THAT(wishes.Names(), ElementsAre("eth0"));
}

TEST(InterfaceWishesTest, WhatWasSaidLaterGoesFirst) {
  InterfaceWishes wishes({"eth*"});
  wishes.Detach("eth0", "anna");
  EXPECT_EQ(wishes.Of("eth0").kind, Kind::kRelease);
  EXPECT_EQ(wishes.Of("eth0").origin, "anna");
  EXPECT_EQ(wishes.Of("eth1").kind, Kind::kGuard) << "not spoken of";
  wishes.Attach("eth0", ModePreference::kGeneric, "bob");
  EXPECT_EQ(wishes.Of("eth0").kind, Kind::kGuard);
  EXPECT_EQ(wishes.Of("eth0").mode, ModePreference::kGeneric);
  EXPECT_EQ(wishes.Of("eth1").mode, std::nullopt) << "as configured";
  wishes.Detach("eth?", "carl");
  EXPECT_EQ(wishes.Of("eth0").kind, Kind::kRelease);
  EXPECT_EQ(wishes.Of("eth10").kind, Kind::kGuard);
}

TEST(InterfaceWishesTest, DetachAllHoldsForWhatIsYetToCome) {
  InterfaceWishes wishes({"eth*", "lo"});
  wishes.Attach("wlan0", std::nullopt, "anna");
  wishes.DetachAll("bob");
  for (const char* name : {"eth0", "eth7", "lo", "wlan0"}) {
    EXPECT_EQ(wishes.Of(name).kind, Kind::kRelease) << name;
  }
  wishes.Attach("eth7", std::nullopt, "anna");
  EXPECT_EQ(wishes.Of("eth7").kind, Kind::kGuard);
  EXPECT_EQ(wishes.Of("eth0").kind, Kind::kRelease);
  wishes.AttachConfigured();
  EXPECT_EQ(wishes.Of("eth0").kind, Kind::kGuard);
  EXPECT_EQ(wishes.Of("wlan0").kind, Kind::kNone);
}

TEST(InterfaceWishesTest, NamesAreThoseThatWereSpokenOf) {
  InterfaceWishes wishes({"eth0", "eth0*"});
  wishes.Attach("wlan0", std::nullopt, "anna");
  wishes.Detach("eth0", "anna");
  EXPECT_THAT(wishes.Names(), ElementsAre("eth0", "wlan0"));
  wishes.Detach("wl*", "anna");
  EXPECT_THAT(wishes.Names(), ElementsAre("eth0")) << "covered by the pattern";
}

}  // namespace
}  // namespace fwagent::core
