// Entries of sets that end: in the list, on disk and in the kernel, over
// restarts and reboots, and where they are taken back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/component/engine_confirm_fixture.h"

namespace fwagent::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kTick =
    absl::Nanoseconds(std::int64_t{1} << policy::kTickShift);

Change Put(const std::vector<std::string>& prefixes,
           std::optional<Ending> ending = {}) {
  Change change = Fill("bad", prefixes, SetEdit::Kind::kPut);
  change.sets[0].ending = std::move(ending);
  return change;
}

Change Erase(const std::vector<std::string>& prefixes) {
  return Fill("bad", prefixes, SetEdit::Kind::kErase);
}

// Entries that say themselves for how many seconds they are wanted.
Change Import(const std::vector<std::pair<std::string, policy::Deadline>>& list,
              std::optional<Ending> ending = {}) {
  policy::SetEntries::Builder builder;
  for (const auto& [prefix, seconds] : list) {
    builder.Add({*policy::Prefix::Parse(prefix), seconds});
  }
  Change change = Fill("bad", {});
  change.sets[0].ending = std::move(ending);
  change.sets[0].entries =
      std::make_shared<policy::SetEntries>(std::move(builder).Build());
  return change;
}

class EngineSetEndsTest : public EngineConfirmTest {
 protected:
  policy::SetOutcome Outcome(const Change& change) {
    const auto result = engine_->Apply(change);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() && !result->sets.empty() ? result->sets.front()
                                                : policy::SetOutcome();
  }
  std::vector<std::string> Entries() {
    const auto page = engine_->ListEntries("bad", {}, kAll);
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> entries;
    for (const auto& entry : page->entries) {
      entries.push_back(entry.prefix.ToString());
    }
    return entries;
  }
  std::optional<policy::Deadline> EnforcedUntil(const std::string& prefix) {
    const auto live = kernel_.ReadSources();
    for (const policy::SourceRule& rule : **live) {
      if (rule.prefix.ToString() == prefix) return rule.until;
    }
    return std::nullopt;
  }
  // How long the kernel goes on with it.
  absl::Duration Left(const std::string& prefix) {
    const auto until = EnforcedUntil(prefix);
    EXPECT_TRUE(until.has_value()) << prefix;
    if (until == policy::kForever) return absl::InfiniteDuration();
    return kTick * until.value_or(0) - clocks_.since_boot();
  }
  // Never less, and a few ticks more.
  void ExpectLeft(const std::string& prefix, absl::Duration expected) {
    EXPECT_GE(Left(prefix), expected) << prefix;
    EXPECT_LT(Left(prefix), expected + 6 * kTick) << prefix;
  }
  // What the worker does.
  void TakeAwayEnded() {
    const auto change = engine_->RemovalOfEnded();
    ASSERT_TRUE(change.has_value());
    Do(*change);
    EXPECT_FALSE(engine_->RemovalOfEnded().has_value());
  }
};

TEST_F(EngineSetEndsTest, TheKernelAndTheDiskKnowTheEnd) {
  Do(Put({"192.0.2.1/32", "2001:db8::/32"}, absl::Minutes(10)));
  Do(Put({"192.0.2.2/32"}));
  Do(Put({"192.0.2.3/32"}, clocks_.wall() + absl::Hours(1)));
  for (int start = 0; start < 2; ++start) {
    ExpectLeft("192.0.2.1/32", absl::Minutes(10));
    ExpectLeft("2001:db8::/32", absl::Minutes(10));
    ExpectLeft("192.0.2.3/32", absl::Hours(1));
    EXPECT_EQ(EnforcedUntil("192.0.2.2/32"), policy::kForever);
    EXPECT_EQ(engine_->NextDeadline(), EnforcedUntil("192.0.2.1/32"));
    Restart();
  }
}

TEST_F(EngineSetEndsTest, WhatHasEndedIsNotThereAnyMore) {
  Do(Put({"192.0.2.1/32"}, absl::Minutes(10)));
  Do(Put({"192.0.2.2/32"}, absl::Minutes(20)));
  Do(Put({"192.0.2.0/24"}));
  clocks_.Advance(absl::Minutes(9));
  EXPECT_THAT(Entries(), SizeIs(3));
  EXPECT_FALSE(engine_->RemovalOfEnded().has_value());
  clocks_.Advance(absl::Minutes(2));
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.0/24", "192.0.2.2/32"));
  EXPECT_EQ(engine_->Sets().at(0).size, 2u);
  EXPECT_THAT(engine_->FindInSets(*policy::Prefix::Parse("192.0.2.1")),
              SizeIs(1));
  EXPECT_TRUE(
      absl::IsNotFound(engine_->Apply(Erase({"192.0.2.1/32"})).status()));
  TakeAwayEnded();
  EXPECT_EQ(Newest().origin, "expiry");
  EXPECT_EQ(Newest().summary, "set bad: 1 entry has ended");
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), std::nullopt);
  ExpectLeft("192.0.2.2/32", absl::Minutes(9));
  Restart();
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.0/24", "192.0.2.2/32"));
}

TEST_F(EngineSetEndsTest, AnEntryThatHasEndedCanBePutAgain) {
  Do(Put({"192.0.2.1/32"}, absl::Minutes(10)));
  clocks_.Advance(absl::Minutes(11));
  EXPECT_EQ(Outcome(Put({"192.0.2.1/32"}, absl::Minutes(5))).added, 1u);
  ExpectLeft("192.0.2.1/32", absl::Minutes(5));
  EXPECT_FALSE(engine_->RemovalOfEnded().has_value());
}

TEST_F(EngineSetEndsTest, TheLastWishIsTheEnd) {
  Do(Put({"192.0.2.1/32"}));
  for (const absl::Duration length : {absl::Hours(2), absl::Minutes(5)}) {
    const policy::SetOutcome outcome = Outcome(Put({"192.0.2.1/32"}, length));
    EXPECT_EQ(outcome.added, 0u);
    EXPECT_EQ(outcome.changed, 1u);
    ExpectLeft("192.0.2.1/32", length);
    Restart();
    ExpectLeft("192.0.2.1/32", length);
  }
  EXPECT_EQ(Outcome(Put({"192.0.2.1/32"})).changed, 1u);
  Restart();
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), policy::kForever);
  EXPECT_EQ(engine_->NextDeadline(), policy::kForever);
}

TEST_F(EngineSetEndsTest, ASetHasADefaultForEntriesThatDoNotSay) {
  Change create;
  create.sets.push_back({.kind = SetEdit::Kind::kCreate,
                         .name = "bad",
                         .default_ttl = absl::Hours(1)});
  Do(create);
  Restart();
  EXPECT_EQ(engine_->Sets().at(0).info.default_ttl, absl::Hours(1));
  Do(Put({"192.0.2.1/32"}));
  Do(Put({"192.0.2.2/32"}, Ending()));
  Do(Put({"192.0.2.3/32"}, absl::Minutes(1)));
  ExpectLeft("192.0.2.1/32", absl::Hours(1));
  EXPECT_EQ(EnforcedUntil("192.0.2.2/32"), policy::kForever);
  ExpectLeft("192.0.2.3/32", absl::Minutes(1));
  const Change import = Import({{"192.0.2.1/32", SetEdit::kAsAll},
                                {"192.0.2.2/32", SetEdit::kWithoutEnd},
                                {"192.0.2.3/32", 90}});
  Do(import);
  ExpectLeft("192.0.2.1/32", absl::Hours(1));
  EXPECT_EQ(EnforcedUntil("192.0.2.2/32"), policy::kForever);
  ExpectLeft("192.0.2.3/32", absl::Seconds(90));
}

TEST_F(EngineSetEndsTest, AnEndThatHasPassedIsRefused) {
  Do(Put({"192.0.2.2/32"}));
  const std::string before = Policy();
  const auto refused =
      engine_->Apply(Put({"192.0.2.1/32"}, clocks_.wall() - absl::Hours(1)));
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
  EXPECT_EQ(Policy(), before);
}

TEST_F(EngineSetEndsTest, OfSeveralHoldersTheLastOneCounts) {
  Do(Put({"192.0.2.1/32", "192.0.2.2/32"}, absl::Minutes(10)));
  Do(BlockFor("192.0.2.1", absl::Hours(1)));
  Do(BlockFor("192.0.2.2", absl::Minutes(5)));
  ExpectLeft("192.0.2.1/32", absl::Hours(1));
  ExpectLeft("192.0.2.2/32", absl::Minutes(10));
  clocks_.Advance(absl::Minutes(11));
  TakeAwayEnded();
  ExpectLeft("192.0.2.1/32", absl::Minutes(49));
  EXPECT_EQ(EnforcedUntil("192.0.2.2/32"), std::nullopt);
}

TEST_F(EngineSetEndsTest, AReboot) {
  Do(Put({"192.0.2.1/32"}, absl::Hours(1)));
  Do(Put({"192.0.2.2/32"}, absl::Minutes(10)));
  Do(Put({"192.0.2.3/32"}));
  for (int left = 40; left >= 20; left -= 20) {
    clocks_.Reboot(absl::Minutes(20));
    Restart();
    ExpectLeft("192.0.2.1/32", absl::Minutes(left));
    EXPECT_EQ(EnforcedUntil("192.0.2.3/32"), policy::kForever);
    EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32", "192.0.2.3/32"));
    if (left == 40) TakeAwayEnded();
    ASSERT_TRUE(engine_->RefreshExpiry().ok());
    Restart();
    ExpectLeft("192.0.2.1/32", absl::Minutes(left));
  }
  clocks_.Reboot(absl::Hours(2));
  Restart();
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.3/32"));
}

// As of a host without a battery; a right clock afterwards is right again.
TEST_F(EngineSetEndsTest, AWallClockThatStandsTooEarlyAtBootLiftsNothing) {
  Do(Put({"192.0.2.1/32"}, absl::Hours(1)));
  const absl::Time right = clocks_.wall();
  clocks_.Reboot(absl::Minutes(5));
  clocks_.SetWall(absl::UnixEpoch());
  Restart();
  ExpectLeft("192.0.2.1/32", absl::Hours(1));
  clocks_.Reboot(absl::ZeroDuration());
  clocks_.SetWall(right + absl::Minutes(20));
  Restart();
  ExpectLeft("192.0.2.1/32", absl::Minutes(40));
}

TEST_F(EngineSetEndsTest, TheWallClockMovesNoEnd) {
  Do(Put({"192.0.2.1/32"}, absl::Hours(1)));
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  for (const absl::Duration set : {absl::Hours(24), -absl::Hours(30)}) {
    clocks_.SetWall(clocks_.wall() + set);
    ExpectLeft("192.0.2.1/32", absl::Hours(1));
    ASSERT_TRUE(engine_->RefreshExpiry().ok());
    Restart();
    ExpectLeft("192.0.2.1/32", absl::Hours(1));
    ASSERT_TRUE(engine_->RefreshExpiry().ok());  // as the worker does
  }
  clocks_.Reboot(absl::Minutes(30));
  Restart();
  ExpectLeft("192.0.2.1/32", absl::Minutes(30));
}

TEST_F(EngineSetEndsTest, ARollbackBringsBackWhatIsLeft) {
  Do(Put({"192.0.2.1/32"}, absl::Hours(1)));
  Do(Put({"192.0.2.2/32"}, absl::Minutes(10)));
  Do(Delete("bad"));
  clocks_.Reboot(absl::Minutes(20));
  Restart();
  Do(RollBack(2));
  ExpectLeft("192.0.2.1/32", absl::Minutes(40));
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32"));
}

TEST_F(EngineSetEndsTest, ManyThatHaveEndedGoInOneChange) {
  std::vector<std::string> prefixes;
  for (int i = 0; i < 3000; ++i) {
    prefixes.push_back("10.0." + std::to_string(i / 256) + "." +
                       std::to_string(i % 256) + "/32");
  }
  Do(Put(prefixes, absl::Minutes(1)));
  Do(Put({"192.0.2.1/32"}));
  clocks_.Advance(absl::Minutes(2));
  const std::uint64_t generation = engine_->GetStatus().generation;
  TakeAwayEnded();
  EXPECT_EQ(engine_->GetStatus().generation, generation + 1);
  EXPECT_EQ(Newest().summary, "set bad: 3000 entries have ended");
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32"));
  EXPECT_EQ((*kernel_.ReadSources())->size(), 1u);
  Restart();
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32"));
}

// These name sets by what is in them, without deadlines.
TEST_F(EngineSetEndsTest, OrderedRulesLoseAnEntryWhenItIsTakenOut) {
  Do(Put({"192.0.2.1/32"}, absl::Minutes(1)));
  Do(Put({"192.0.2.2/32"}));
  Change rule = Block(
      policy::Match(*policy::PacketMatch::Parse("from @bad dport 22", 10)));
  rule.edits[0].action = policy::Action::kDrop;
  Do(rule);
  EXPECT_THAT(kernel_.ordered().sets.at("bad"), SizeIs(2));
  clocks_.Advance(absl::Minutes(2));
  EXPECT_THAT(kernel_.ordered().sets.at("bad"), SizeIs(2));
  TakeAwayEnded();
  EXPECT_THAT(kernel_.ordered().sets.at("bad"),
              ElementsAre(*policy::Prefix::Parse("192.0.2.2")));
}

TEST_F(EngineSetEndsTest, ARepeatedRequestHasTheFirstOnesEnd) {
  Change put = Put({"192.0.2.1/32"}, absl::Hours(1));
  put.request_id = "one";
  Do(put);
  clocks_.Advance(absl::Minutes(30));
  Do(put);
  ExpectLeft("192.0.2.1/32", absl::Minutes(30));
  put.sets[0].ending = absl::Hours(2);
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->Apply(put).status()))
      << "that is another request";
}

// Its entries are kept by the same clock as the sets', so that what nobody
// touched is still seen to be what it was.
TEST_F(EngineSetEndsTest, AChangeIsTakenBackAfterAReboot) {
  Do(Put({"192.0.2.1/32", "192.0.2.2/32"}, absl::Hours(1)));
  Do(Put({"192.0.2.3/32"}));
  Change unsure = Import(
      {{"192.0.2.1/32", 7200}, {"192.0.2.3/32", 7200}, {"192.0.2.9/32", 7200}});
  Do(Unsure(unsure));
  EXPECT_THAT(Entries(),
              ElementsAre("192.0.2.1/32", "192.0.2.3/32", "192.0.2.9/32"));
  clocks_.Reboot(absl::Seconds(30));
  Restart();
  ExpectLeft("192.0.2.9/32", absl::Seconds(7170));
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  clocks_.Reboot(absl::Seconds(40));
  Restart();
  EXPECT_EQ(Waiting(), std::nullopt);
  EXPECT_THAT(Entries(),
              ElementsAre("192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"));
  ExpectLeft("192.0.2.1/32", absl::Seconds(3530));
  ExpectLeft("192.0.2.2/32", absl::Seconds(3530));
  EXPECT_EQ(EnforcedUntil("192.0.2.3/32"), policy::kForever);
}

TEST_F(EngineSetEndsTest, TheWorkerTakesAChangeBackAfterAReboot) {
  Do(Put({"192.0.2.1/32"}, absl::Hours(1)));
  Do(Unsure(Put({"192.0.2.1/32", "192.0.2.9/32"}, absl::Hours(2))));
  clocks_.Reboot(absl::Seconds(30));
  Restart();
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  clocks_.Advance(absl::Seconds(40));
  TakeBack();
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32"));
  ExpectLeft("192.0.2.1/32", absl::Seconds(3530));
}

TEST_F(EngineSetEndsTest, WhatOthersRedatedStaysAlsoAfterAReboot) {
  Do(Put({"192.0.2.1/32"}));
  Do(Unsure(Put({"192.0.2.1/32", "192.0.2.9/32"}, absl::Hours(2))));
  Do(Put({"192.0.2.9/32"}, absl::Hours(3)));
  clocks_.Reboot(absl::Seconds(70));
  Restart();
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32", "192.0.2.9/32"));
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), policy::kForever);
  ExpectLeft("192.0.2.9/32", absl::Hours(3) - absl::Seconds(70));
}

// It made an entry end soon, and that has ended before it was taken back.
TEST_F(EngineSetEndsTest, AnEntryThatItMadeEndComesBack) {
  Do(Put({"192.0.2.1/32"}));
  Do(Put({"192.0.2.2/32"}, absl::Seconds(50)));
  Do(Unsure(Put({"192.0.2.1/32", "192.0.2.2/32"}, absl::Seconds(30))));
  clocks_.Advance(absl::Seconds(31));
  TakeAwayEnded();
  EXPECT_THAT(Entries(), IsEmpty());
  clocks_.Advance(absl::Seconds(30));
  TakeBack();
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32"))
      << "the other would have ended by now";
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), policy::kForever);
}

}  // namespace
}  // namespace fwagent::core
