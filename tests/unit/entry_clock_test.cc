// The clock of sets' entries, from one run of the host to the next.
#include "agent/core/entry_clock.h"

#include <gtest/gtest.h>

namespace fwagent::core {
namespace {

using store::EntryClock;

constexpr absl::Duration kTick =
    absl::Nanoseconds(std::int64_t{1} << policy::kTickShift);
const absl::Time kNoon = absl::FromUnixSeconds(1'700'000'000);

Moment At(std::int64_t tick, absl::Duration after_noon) {
  return {.wall = kNoon + after_noon, .since_boot = kTick * tick};
}

// Noted at noon, at tick 1000 of the first run.
EntryClock AtNoon() {
  return Noted({.boot_id = "one", .shift = 500}, At(1000, {}));
}

TEST(EntryClock, StaysAsItIsInTheSameRunOfTheHost) {
  const EntryClock kept = AtNoon();
  EXPECT_EQ(kept.tick, 1500);
  EXPECT_EQ(kept.wall, kNoon);
  EXPECT_EQ(GoOn(kept, "one", At(2000, absl::Hours(-99))), kept);
  EXPECT_NE(GoOn(kept, "", At(2000, {})), kept)
      << "nobody knows which run this is";
}

TEST(EntryClock, HasGoneOnForAsLongAsTheHostWasOff) {
  const EntryClock kept = AtNoon();
  const EntryClock clock = GoOn(kept, "two", At(7, 100 * kTick));
  EXPECT_EQ(clock.boot_id, "two");
  EXPECT_EQ(clock.TickOf(7), 1599) << "a tick behind";
  // What was to end 200 ticks after noon.
  EXPECT_EQ(clock.DeadlineOf(kept.TickOf(1200)), 7u + 101u);
  EXPECT_EQ(clock.DeadlineOf(kept.TickOf(1050)), policy::kNever + 1)
      << "that ended while it was off";
}

TEST(EntryClock, NeverGoesBack) {
  const EntryClock kept = AtNoon();
  const EntryClock clock = GoOn(kept, "two", At(7, absl::Hours(-500'000)));
  EXPECT_EQ(clock.TickOf(7), 1499);
  // And what such a clock says is not noted, unless somebody set it.
  EXPECT_EQ(Noted(clock, At(9, absl::Hours(-500'000))), clock);
  EXPECT_EQ(
      GoOn(Noted(clock, At(9, absl::Hours(-1))), "three", At(5, 50 * kTick))
          .TickOf(5),
      1549)
      << "a clock that is right again is believed";
  const EntryClock set =
      Noted(clock, At(9, absl::Hours(-1)), /*wall_was_set=*/true);
  EXPECT_EQ(set.wall, kNoon - absl::Hours(1));
  EXPECT_EQ(set.tick, clock.TickOf(9));
}

TEST(EntryClock, KnowsWhetherTheWallClockIsAsExpected) {
  const EntryClock kept = AtNoon();
  EXPECT_TRUE(WallAgrees(kept, At(1000 + 600, 600 * kTick)));
  EXPECT_TRUE(
      WallAgrees(kept, At(1000 + 600, 600 * kTick + absl::Seconds(0.9))));
  EXPECT_FALSE(
      WallAgrees(kept, At(1000 + 600, 600 * kTick + absl::Seconds(2))));
  EXPECT_FALSE(WallAgrees(kept, At(1000 + 600, 600 * kTick - absl::Hours(1))));
}

TEST(EntryClock, RedatesEntriesThatEndAndNoOthers) {
  policy::SetTable sets;
  auto set = std::make_shared<policy::NamedSet>();
  set->entries.Put({*policy::Prefix::Parse("10.0.0.1"), 1200});
  set->entries.Put({*policy::Prefix::Parse("10.0.0.2")});
  sets["a"] = set;
  const EntryClock kept = AtNoon();
  Redate(kept, GoOn(kept, "two", At(7, 100 * kTick)), sets);
  EXPECT_EQ(set->entries.Find(*policy::Prefix::Parse("10.0.0.1")), 108u);
  EXPECT_EQ(set->entries.Find(*policy::Prefix::Parse("10.0.0.2")),
            policy::kForever);
}

}  // namespace
}  // namespace fwagent::core
