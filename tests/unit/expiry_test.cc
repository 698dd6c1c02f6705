// Deadlines, from wishes to ticks and from one clock to another.
#include "agent/core/expiry.h"

#include <gtest/gtest.h>

#include <string>

namespace fwagent::core {
namespace {

constexpr absl::Duration Ticks(double count) {
  return absl::Nanoseconds(static_cast<std::int64_t>(
      count * (std::int64_t{1} << policy::kTickShift)));
}

const absl::Time kNoon = absl::FromUnixSeconds(1'700'000'000);

Moment At(absl::Duration since_boot, absl::Time wall = kNoon) {
  return {.wall = wall, .since_boot = since_boot};
}

// Made at noon, ten ticks after the start of the host.
policy::Rule Made(const Ending& ending) {
  policy::Rule rule{.create_time = kNoon};
  const absl::Status set = SetEnding(ending, At(Ticks(10)), rule);
  EXPECT_TRUE(set.ok()) << set;
  return rule;
}

TEST(Moment, TheTickThatHasBegunAndTheOneThatIsToCome) {
  EXPECT_EQ(At(Ticks(10)).tick(), 10u);
  EXPECT_EQ(At(Ticks(10.9)).tick(), 10u);
  EXPECT_EQ(At(Ticks(10)).DeadlineIn(Ticks(5)), 15u);
  EXPECT_EQ(At(Ticks(10.5)).DeadlineIn(Ticks(5)), 16u) << "never too early";
  EXPECT_EQ(At(Ticks(10)).DeadlineIn(absl::Nanoseconds(1)), 11u);
  EXPECT_EQ(At(Ticks(10)).DeadlineIn(-Ticks(99)), policy::kNever);
  EXPECT_EQ(At(Ticks(10)).DeadlineIn(absl::Hours(24 * 365 * 100)),
            policy::kForever - 1);
  EXPECT_EQ(At(Ticks(10)).DeadlineIn(absl::InfiniteDuration()),
            policy::kForever - 1);
  EXPECT_EQ(At(Ticks(10)).WallAt(15), kNoon + Ticks(5));
  EXPECT_EQ(At(Ticks(10)).WallAt(0), kNoon - Ticks(10));
}

TEST(Moment, TheClocksOfTheHostGoOn) {
  const Clocks clocks = HostClocks();
  EXPECT_EQ(clocks.boot_id.size(), 36u) << clocks.boot_id;
  EXPECT_EQ(HostClocks().boot_id, clocks.boot_id);
  const Moment before = clocks.Now();
  EXPECT_GT(before.since_boot, absl::ZeroDuration());
  EXPECT_GE(clocks.Now().since_boot, before.since_boot);
}

TEST(SetEnding, ForEverForSoLongAndUntilThen) {
  EXPECT_FALSE(policy::Ends(Made({})));
  EXPECT_EQ(Made({}).expire_time, absl::InfiniteFuture());
  EXPECT_EQ(Made(Ticks(5)).until, 15u);
  EXPECT_EQ(Made(absl::Minutes(10)).expire_time, kNoon + absl::Minutes(10));
  EXPECT_EQ(Made(kNoon + absl::Hours(1)).until, Made(absl::Hours(1)).until);
  EXPECT_EQ(Made(kNoon + absl::Hours(1)).expire_time, kNoon + absl::Hours(1));
  policy::Rule rule = Made(absl::Hours(1));
  ASSERT_TRUE(SetEnding({}, At(Ticks(10)), rule).ok());
  EXPECT_EQ(rule, Made({})) << "renewed for ever";
}

TEST(SetEnding, ItMustBeAheadAndWithinTenYears) {
  policy::Rule rule = Made(absl::Hours(1));
  const policy::Rule before = rule;
  for (const Ending& ending :
       {Ending(absl::ZeroDuration()), Ending(-absl::Seconds(1)),
        Ending(kLongestRule + absl::Seconds(1)),
        Ending(absl::InfiniteDuration()), Ending(kNoon),
        Ending(kNoon - absl::Seconds(1)), Ending(absl::UnixEpoch()),
        Ending(kNoon + kLongestRule + absl::Seconds(1)),
        Ending(absl::InfiniteFuture()), Ending(absl::InfinitePast())}) {
    EXPECT_EQ(SetEnding(ending, At(Ticks(10)), rule).code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(rule, before);
  }
  EXPECT_TRUE(SetEnding(kLongestRule, At(Ticks(10)), rule).ok());
  EXPECT_TRUE(SetEnding(kNoon + kLongestRule, At(Ticks(10)), rule).ok());
}

struct Reboot {
  const char* name;
  absl::Duration off;  // that the wall clock has moved
  absl::Duration left;
};

// A rule of ten minutes, and a start of the host 20 ticks ago.
TEST(MoveToThisBoot, TheWallClockTellsWhatIsLeft) {
  const Reboot rows[] = {
      {"at once", absl::ZeroDuration(), absl::Minutes(10)},
      {"after four minutes", absl::Minutes(4), absl::Minutes(6)},
      {"after ten minutes", absl::Minutes(10), absl::ZeroDuration()},
      {"after a year", absl::Hours(8760), -absl::Hours(1)},
      {"an hour before it was made", -absl::Hours(1), absl::Minutes(10)},
      {"in 1970", absl::UnixEpoch() - kNoon, absl::Minutes(10)},
  };
  for (const Reboot& row : rows) {
    policy::Rule rule = Made(absl::Minutes(10));
    const absl::Time expire_time = rule.expire_time;
    const Moment now = At(Ticks(20), kNoon + row.off);
    MoveToThisBoot(now, rule);
    EXPECT_EQ(rule.until, now.DeadlineIn(row.left)) << row.name;
    EXPECT_EQ(policy::HasEnded(rule, now.tick()),
              row.left <= absl::ZeroDuration())
        << row.name;
    EXPECT_EQ(rule.expire_time, expire_time) << row.name;
  }
  policy::Rule eternal = Made({});
  MoveToThisBoot(At(Ticks(20), kNoon + absl::Hours(1)), eternal);
  EXPECT_EQ(eternal, Made({}));
}

TEST(FollowWallClock, ATimeIsTheSameUntilSomebodySetsTheClock) {
  const absl::Time end = kNoon + absl::Hours(48);
  policy::Rule rule = Made(absl::Hours(48));
  for (const absl::Duration passed :
       {absl::ZeroDuration(), absl::Seconds(77.7), absl::Hours(47)}) {
    const Moment now = At(Ticks(10) + passed, kNoon + passed);
    EXPECT_EQ(PresentExpireTime(rule, now), end);
    EXPECT_FALSE(FollowWallClock(now, rule));
  }
  const absl::Duration passed = absl::Hours(30);
  for (const absl::Duration set : {absl::Hours(24), -absl::Hours(24)}) {
    policy::Rule moved = rule;
    const Moment now = At(Ticks(10) + passed, kNoon + passed + set);
    EXPECT_TRUE(FollowWallClock(now, moved));
    EXPECT_LT(absl::AbsDuration(moved.expire_time - (end + set)),
              absl::Seconds(1));
    EXPECT_EQ(moved.until, rule.until);
    EXPECT_FALSE(FollowWallClock(now, moved)) << "once is enough";
    EXPECT_EQ(PresentExpireTime(rule, now), moved.expire_time);
  }
}

TEST(FollowWallClock, AClockBeforeTheRuleIsShownAndNotBelieved) {
  policy::Rule rule = Made(absl::Minutes(10));
  const Moment now = At(Ticks(10), kNoon - absl::Hours(24));
  EXPECT_FALSE(FollowWallClock(now, rule));
  EXPECT_EQ(rule.expire_time, kNoon + absl::Minutes(10));
  EXPECT_LT(PresentExpireTime(rule, now), kNoon);
  policy::Rule eternal = Made({});
  EXPECT_FALSE(
      FollowWallClock(At(Ticks(10), kNoon + absl::Hours(24)), eternal));
}

}  // namespace
}  // namespace fwagent::core
