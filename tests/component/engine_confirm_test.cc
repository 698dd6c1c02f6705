// Changes that are taken back unless they are confirmed in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/plan.h"
#include "agent/store/history_rows.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_on_disk.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr absl::Duration kMinute = absl::Minutes(1);
constexpr absl::Duration kPastIt = absl::Seconds(61);

Change Unsure(Change change, absl::Duration within = kMinute) {
  change.confirm_within = within;
  change.origin = "someone";
  return change;
}

Change BlockFor(const std::string& prefix, Ending ending, bool renew = false,
                std::string comment = "") {
  return {.edits = {{.match = Source(prefix),
                     .comment = std::move(comment),
                     .ending = ending,
                     .renew = renew}},
          .request_id = ""};
}

class EngineConfirmTest : public EngineOnDisk {
 protected:
  // What the worker does.
  void TakeBack() {
    const auto change = engine_->TakeBackOfOverdue();
    ASSERT_TRUE(change.has_value());
    Do(*change);
    EXPECT_EQ(Waiting(), std::nullopt);
  }
  std::optional<std::uint64_t> Waiting() const {
    const auto what = engine_->GetStatus().unconfirmed;
    if (!what.has_value()) return std::nullopt;
    return what->generation;
  }
  HistoryEntry Newest() { return engine_->History(kAll, 1)->front(); }

  // A policy with something of everything.
  void Prepare() {
    Do(Block(Source("192.0.2.1")));
    Do(BlockFor("192.0.2.2", absl::Hours(1), false, "for an hour"));
    Do(Block(Ports(10, 20)));
    Do(Fill("list", {"10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"}));
    Do(Fill("other", {"198.51.100.0/24"}));
    Do(Unblock(Ports(10, 20)));
    Do(Block(Ports(12, 22)));
  }

  // A change of each kind.
  static std::vector<Change> EveryKind() {
    Change two = Block(Source("192.0.2.8"));
    two.edits.push_back({.kind = Edit::Kind::kRemove,
                         .match = Source("192.0.2.1"),
                         .comment = ""});
    Change create;
    create.sets.push_back({.kind = SetEdit::Kind::kCreate, .name = "empty"});
    return {Block(Source("192.0.2.9")),
            BlockFor("192.0.2.9", absl::Seconds(30)),
            BlockFor("192.0.2.9", absl::Hours(1)),
            Unblock(Source("192.0.2.1")),
            Unblock(Source("192.0.2.2")),
            BlockFor("192.0.2.2", {}, true),
            BlockFor("192.0.2.2", absl::Seconds(30), true, "shorter"),
            Block(Ports(30, 30)),
            Unblock(Ports(12, 22)),
            two,
            create,
            Fill("new", {"10.0.0.0/8", "10.9.0.0/16"}),
            Fill("list", {"10.1.0.0/16", "10.2.0.0/16", "::/1"}),
            Fill("list", {}),
            Fill("list", {"10.3.0.0/16"}, SetEdit::Kind::kPut),
            Fill("list", {"10.1.0.0/16"}, SetEdit::Kind::kErase),
            Delete("list"),
            RollBack(3),
            RollBack(0)};
  }
};

TEST_F(EngineConfirmTest, TakesEffectAtOnceAndSaysUntilWhen) {
  const auto result = engine_->Apply(Unsure(Block(Source("192.0.2.1"))));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->confirm_by, clocks_.wall() + kMinute);
  EXPECT_THAT(Policy(), HasSubstr("192.0.2.1/32 by 1"));
  const auto what = engine_->GetStatus().unconfirmed;
  ASSERT_TRUE(what.has_value());
  EXPECT_EQ(what->generation, 1u);
  EXPECT_EQ(what->origin, "someone");
  EXPECT_EQ(what->time, clocks_.wall());
  EXPECT_EQ(what->confirm_by, clocks_.wall() + kMinute);
  EXPECT_EQ(engine_->NextConfirmation(),
            clocks_.Get().Now().DeadlineIn(kMinute));
  Do(Block(Source("192.0.2.2")));
  const auto history = engine_->History(kAll, 10);
  EXPECT_EQ((*history)[0].confirm_by, std::nullopt);
  EXPECT_EQ((*history)[1].confirm_by, clocks_.wall() + kMinute);
  EXPECT_EQ(engine_->Apply(Block(Source("192.0.2.3")))->confirm_by,
            std::nullopt);
}

TEST_F(EngineConfirmTest, UnconfirmedTheFormerPolicyComesBackExactly) {
  Prepare();
  for (const Change& change : EveryKind()) {
    const std::string before = Policy();
    Do(Unsure(change));
    EXPECT_NE(Policy(), before);
    const std::uint64_t generation = *Waiting();
    clocks_.Advance(absl::Seconds(59));
    EXPECT_FALSE(engine_->TakeBackOfOverdue().has_value());
    clocks_.Advance(absl::Seconds(2));
    TakeBack();
    EXPECT_EQ(Policy(), before) << Newest().summary;
    EXPECT_EQ(Newest().origin, "agent");
    EXPECT_THAT(Newest().summary,
                HasSubstr(absl::StrCat("generation ", generation,
                                       " was not confirmed")));
    Restart();
    EXPECT_EQ(Policy(), before);
    EXPECT_EQ(Waiting(), std::nullopt);
  }
}

TEST_F(EngineConfirmTest, AnAgentThatWasDeadTakesItBackBeforeTheTablesAre) {
  Prepare();
  for (const Change& change : EveryKind()) {
    const std::string before = Policy();
    Do(Unsure(change));
    Restart();
    EXPECT_NE(Policy(), before) << "there is time left";
    clocks_.Advance(kPastIt);
    Restart();
    EXPECT_EQ(Policy(), before) << Newest().summary;
    EXPECT_EQ(Newest().origin, "agent");
    EXPECT_EQ(Newest().etag, engine_->GetStatus().etag);
    EXPECT_EQ(Waiting(), std::nullopt);
  }
}

TEST_F(EngineConfirmTest, AHostThatWasRebootedTakesItBackAtStart) {
  Prepare();
  Do(Unblock(Source("192.0.2.2")));  // ends are other ticks after a reboot
  for (const Change& change :
       {Block(Source("192.0.2.9")), BlockFor("192.0.2.9", absl::Hours(1)),
        Unblock(Source("192.0.2.1")), Fill("list", {"10.2.0.0/16"}),
        Delete("list"), RollBack(0)}) {
    const std::string before = Policy();
    Do(Unsure(change));
    clocks_.Reboot(absl::Seconds(30));
    Restart();
    EXPECT_NE(Policy(), before);
    EXPECT_EQ(engine_->NextConfirmation(),
              clocks_.Get().Now().DeadlineIn(absl::Seconds(30)));
    clocks_.Reboot(absl::Seconds(40));
    Restart();
    EXPECT_EQ(Policy(), before) << Newest().summary;
  }
}

TEST_F(EngineConfirmTest, ConfirmedItStays) {
  Prepare();
  const auto result = engine_->Apply(Unsure(Block(Source("192.0.2.9"))));
  ASSERT_TRUE(result.ok());
  const std::string after = Policy();
  const auto other = engine_->Confirm(result->generation - 1, "me");
  EXPECT_TRUE(absl::IsFailedPrecondition(other.status()));
  EXPECT_EQ(util::ReasonOf(other.status()), "ANOTHER_TO_CONFIRM");
  EXPECT_EQ(Waiting(), result->generation);
  EXPECT_EQ(*engine_->Confirm(result->generation, "me"), result->generation);
  EXPECT_EQ(Waiting(), std::nullopt);
  EXPECT_EQ(Newest().confirm_by, std::nullopt);
  EXPECT_EQ(engine_->NextConfirmation(), policy::kForever);
  const auto again = engine_->Confirm(std::nullopt, "me");
  EXPECT_TRUE(absl::IsNotFound(again.status())) << again.status();
  clocks_.Advance(kPastIt);
  EXPECT_FALSE(engine_->TakeBackOfOverdue().has_value());
  Restart();
  EXPECT_EQ(Policy(), after);
  Do(Unsure(Unblock(Source("192.0.2.9"))));
  EXPECT_TRUE(engine_->Confirm(std::nullopt, "me").ok());
}

TEST_F(EngineConfirmTest, TooLateIsTooLate) {
  Do(Unsure(Block(Source("192.0.2.1"))));
  clocks_.Advance(kPastIt);
  const auto late = engine_->Confirm(std::nullopt, "me");
  EXPECT_TRUE(absl::IsFailedPrecondition(late.status())) << late.status();
  EXPECT_EQ(util::ReasonOf(late.status()), "CONFIRMED_TOO_LATE");
  TakeBack();
}

// The worker asked whether it is overdue, and then somebody confirmed.
TEST_F(EngineConfirmTest, WhatIsNotOverdueIsNotTakenBack) {
  Do(Unsure(Block(Source("192.0.2.1"))));
  const std::string after = Policy();
  Change early;
  early.take_back = 1;
  Do(early);
  EXPECT_EQ(Policy(), after);
  EXPECT_EQ(Waiting(), 1u);
  ASSERT_TRUE(engine_->Confirm(1, "me").ok());
  clocks_.Advance(kPastIt);
  Do(early);
  EXPECT_EQ(Policy(), after);
  EXPECT_EQ(engine_->GetStatus().generation, 1u);
}

TEST_F(EngineConfirmTest, OneAtATime) {
  Do(Unsure(Block(Source("192.0.2.1"))));
  const std::string before = Policy();
  for (const bool only_asked : {false, true}) {
    Change second = Unsure(Block(Source("192.0.2.2")));
    second.validate_only = only_asked;
    const absl::Status refused = engine_->Apply(second).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_EQ(util::ReasonOf(refused), "CONFIRMATION_PENDING");
    EXPECT_THAT(
        std::string(refused.message()),
        AllOf(HasSubstr("generation 1"), HasSubstr("someone"),
              HasSubstr("2023-11-14T22:14:20Z"), HasSubstr("fwctl confirm 1"),
              HasSubstr("fwctl rollback 0")));
  }
  EXPECT_EQ(Policy(), before);
  Do(Block(Source("192.0.2.2")));
  EXPECT_EQ(Waiting(), 1u);
  ASSERT_TRUE(engine_->Confirm(1, "me").ok());
  Do(Unsure(Block(Source("192.0.2.3"))));
}

TEST_F(EngineConfirmTest, WhatChangesNothingWaitsForNothing) {
  Do(Block(Source("192.0.2.1")));
  Change nothing = Unsure(Block(Source("192.0.2.1")));
  nothing.skip_satisfied = true;
  EXPECT_EQ(engine_->Apply(nothing)->confirm_by, std::nullopt);
  nothing.request_id = "r-1";
  EXPECT_EQ(engine_->Apply(nothing)->confirm_by, std::nullopt);
  Change asked = Unsure(Block(Source("192.0.2.2")));
  asked.validate_only = true;
  EXPECT_EQ(engine_->Apply(asked)->confirm_by, std::nullopt);
  EXPECT_EQ(
      engine_->Apply(Unsure(Unblock(Source("192.0.2.7")))).status().code(),
      absl::StatusCode::kNotFound);
  EXPECT_EQ(Waiting(), std::nullopt);
}

TEST_F(EngineConfirmTest, ARetryIsAnsweredAsLongAsItWaitsAndAfterwards) {
  Change change = Unsure(Block(Source("192.0.2.1"), "r-1"));
  const auto first = engine_->Apply(change);
  const auto second = engine_->Apply(change);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->rules, first->rules);
  EXPECT_EQ(second->confirm_by, first->confirm_by);
  change.confirm_within = absl::Minutes(2);
  EXPECT_EQ(util::ReasonOf(engine_->Apply(change).status()),
            "REQUEST_ID_REUSED");
  change.confirm_within = std::nullopt;
  EXPECT_EQ(util::ReasonOf(engine_->Apply(change).status()),
            "REQUEST_ID_REUSED");
  change.confirm_within = kMinute;
  ASSERT_TRUE(engine_->Confirm(1, "me").ok());
  EXPECT_EQ(engine_->Apply(change)->confirm_by, std::nullopt);
}

TEST_F(EngineConfirmTest, AWayBackByHandEndsTheWait) {
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Do(Unsure(Block(Source("192.0.2.2"))));
  Do(Block(Source("192.0.2.3")));
  Do(Block(Source("192.0.2.4")));
  Do(RollBack(3));
  EXPECT_EQ(Waiting(), 2u) << "that change is still in force";
  Change asked = RollBack(1);
  asked.validate_only = true;
  Do(asked);
  EXPECT_EQ(Waiting(), 2u);
  Do(RollBack(1));
  EXPECT_EQ(Waiting(), std::nullopt);
  EXPECT_EQ(Policy(), before);
  Restart();
  EXPECT_EQ(Waiting(), std::nullopt);
  Do(RollBack(2));
  clocks_.Advance(kPastIt);
  EXPECT_FALSE(engine_->TakeBackOfOverdue().has_value()) << "it came back";
}

TEST_F(EngineConfirmTest, AWayBackByHandEndsTheWaitAlsoWithNothingToChange) {
  Do(Unsure(Block(Source("192.0.2.1"))));
  Do(Unblock(Source("192.0.2.1")));
  Do(RollBack(0));
  EXPECT_EQ(Waiting(), std::nullopt);
  EXPECT_EQ(engine_->GetStatus().generation, 2u);
  Restart();
  EXPECT_EQ(Waiting(), std::nullopt);
}

TEST_F(EngineConfirmTest, WhatOthersDidMeanwhileStays) {
  Prepare();
  Change unsure = Block(Source("192.0.2.9"));
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.1"),
                          .comment = ""});
  Do(Unsure(unsure));
  Do(Block(Source("192.0.2.10")));
  Do(Unblock(Source("192.0.2.2")));
  Do(Unblock(Ports(12, 22)));
  Do(Fill("list", {"10.7.0.0/16"}, SetEdit::Kind::kPut));
  Do(Delete("other"));
  clocks_.Advance(kPastIt);
  TakeBack();
  const std::string after = Policy();
  EXPECT_THAT(after, Not(HasSubstr("192.0.2.9/32")));
  EXPECT_THAT(after, HasSubstr("1 block of cli source 192.0.2.1/32"));
  EXPECT_THAT(after, HasSubstr("source 192.0.2.10/32"));
  EXPECT_THAT(after, Not(HasSubstr("192.0.2.2/32")));
  EXPECT_THAT(after, HasSubstr("10.7.0.0/16"));
  EXPECT_THAT(after, Not(HasSubstr("other")));
  EXPECT_THAT(after, Not(HasSubstr("port 12")));
}

TEST_F(EngineConfirmTest, RulesThatOthersChangedStayAsTheyAre) {
  Prepare();
  Change unsure = Block(Source("192.0.2.9"));
  unsure.edits.push_back({.match = Source("192.0.2.8"), .comment = ""});
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.1"),
                          .comment = ""});
  unsure.edits.push_back(
      {.match = Source("192.0.2.2"), .comment = "renewed", .renew = true});
  Do(Unsure(unsure));
  Do(Unblock(Source("192.0.2.9")));                       // it added that
  Do(BlockFor("192.0.2.8", absl::Hours(2), true, "me"));  // and that
  Do(BlockFor("192.0.2.1", {}, false, "again"));          // it removed that
  Do(Unblock(Source("192.0.2.2")));                       // it renewed that
  const std::string before = Policy();
  clocks_.Advance(kPastIt);
  const std::uint64_t generation = engine_->GetStatus().generation;
  TakeBack();
  EXPECT_EQ(Policy(), before);
  EXPECT_EQ(engine_->GetStatus().generation, generation)
      << "nothing is left of it";
  Restart();
  EXPECT_EQ(Waiting(), std::nullopt);
}

TEST_F(EngineConfirmTest, WhatHasEndedMeanwhileStaysEnded) {
  Do(BlockFor("192.0.2.1", absl::Seconds(30)));
  Do(Block(Source("192.0.2.2")));
  Change unsure = Unblock(Source("192.0.2.1"));
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.2"),
                          .comment = ""});
  Do(Unsure(unsure));
  clocks_.Advance(kPastIt);
  TakeBack();
  const auto rules = engine_->List(0, kAll).rules;
  ASSERT_THAT(rules, SizeIs(1));
  EXPECT_EQ(rules[0].id, 2u);
}

// It made a block end soon, and that has ended before it was taken back.
TEST_F(EngineConfirmTest, WhatItMadeEndComesBack) {
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Do(Unsure(BlockFor("192.0.2.1", absl::Seconds(10), true)));
  clocks_.Advance(absl::Seconds(20));
  Do(engine_->RemovalOfEnded());
  EXPECT_THAT(engine_->List(0, kAll).rules, IsEmpty());
  clocks_.Advance(kMinute);
  TakeBack();
  EXPECT_EQ(Policy(), before);
}

// Others may have blocked for a while what it unblocked.
TEST_F(EngineConfirmTest, ABlockInItsPlaceThatHasEndedGivesWay) {
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Do(Unsure(Unblock(Source("192.0.2.1"))));
  Do(BlockFor("192.0.2.1", absl::Seconds(10)));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_EQ(Policy(), before);
}

TEST_F(EngineConfirmTest, EntriesThatOthersPutInOrTookOutStaySo) {
  Do(Fill("list", {"10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"}));
  Do(Unsure(Fill("list", {"10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16"})));
  Do(Fill("list", {"10.1.0.0/16", "10.6.0.0/16"}, SetEdit::Kind::kPut));
  Do(Fill("list", {"10.3.0.0/16", "10.4.0.0/16"}, SetEdit::Kind::kErase));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(Policy(),
              HasSubstr("list: 10.1.0.0/16 10.2.0.0/16 10.6.0.0/16\n"));
}

TEST_F(EngineConfirmTest, ASetThatItMadeStaysWithWhatOthersPutIn) {
  Do(Unsure(Fill("list", {"10.1.0.0/16", "10.2.0.0/16"})));
  Do(Fill("list", {"10.2.0.0/16", "10.3.0.0/16"}, SetEdit::Kind::kPut));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(Policy(), HasSubstr("list: 10.3.0.0/16\n"));
}

TEST_F(EngineConfirmTest, ASetThatOthersDeletedStaysDeleted) {
  Do(Fill("list", {"10.1.0.0/16"}));
  Do(Unsure(Fill("list", {"10.2.0.0/16"})));
  Do(Delete("list"));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(engine_->Sets(), IsEmpty());
}

TEST_F(EngineConfirmTest, ASetThatOthersMadeAnewStaysInItsPlace) {
  Do(Fill("list", {"10.1.0.0/16"}));
  Do(Unsure(Delete("list")));
  Do(Fill("list", {"10.2.0.0/16"}));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(Policy(), HasSubstr("list: 10.2.0.0/16\n"));
  EXPECT_THAT(Policy(), Not(HasSubstr("10.1.0.0/16")));
}

TEST_F(EngineConfirmTest, ManyChangesMeanwhileDoNotForgetTheWayBack) {
  Do(Fill("list", {"10.1.0.0/16", "10.2.0.0/16"}));
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Change unsure = Fill("list", {"10.2.0.0/16", "10.3.0.0/16"});
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.1"),
                          .comment = ""});
  Do(Unsure(unsure, absl::Hours(24)));
  for (std::size_t i = 0; i < store::HistoryRows::kUndoKept / 2 + 100; ++i) {
    Do(Block(Source("198.51.100.1")));
    Do(Unblock(Source("198.51.100.1")));
  }
  EXPECT_EQ(util::ReasonOf(engine_->Apply(RollBack(2)).status()),
            "GENERATION_NOT_KEPT");
  Restart();
  clocks_.Advance(absl::Hours(25));
  TakeBack();
  EXPECT_EQ(Policy(), before);
}

TEST_F(EngineConfirmTest, AKernelThatRefusesLeavesItWaiting) {
  Do(Fill("list", {"10.0.0.0/8", "11.0.0.0/8"}));
  const std::string before = Policy();
  kernel_.FailNext(MemoryDataPlane::Operation::kReplaceSources,
                   absl::ResourceExhaustedError("no memory"));
  EXPECT_FALSE(engine_->Apply(Unsure(Fill("list", {}))).ok());
  EXPECT_EQ(Waiting(), std::nullopt);
  Restart();
  EXPECT_EQ(Waiting(), std::nullopt);
  Do(Unsure(Fill("list", {})));
  const std::string after = Policy();
  clocks_.Advance(kPastIt);
  for (const bool by_hand : {false, true}) {
    kernel_.FailNext(MemoryDataPlane::Operation::kReplaceSources,
                     absl::ResourceExhaustedError("no memory"));
    EXPECT_FALSE(
        engine_->Apply(by_hand ? RollBack(1) : *engine_->TakeBackOfOverdue())
            .ok());
    EXPECT_EQ(Policy(), after);
    EXPECT_EQ(Waiting(), 2u);
    EXPECT_EQ(engine_->History(kAll, kAll)->size(), 2u);
  }
  Restart();  // with memory again
  EXPECT_EQ(Policy(), before);
}

// The store of the memory, which fails when told to.
using EngineConfirmDiskTest = EngineTest;

TEST_F(EngineConfirmDiskTest, AFullDiskDoesNotKeepTheAgentFromStarting) {
  Change unsure = Unsure(Block(Source("192.0.2.1")));
  ASSERT_TRUE(engine_->Apply(unsure).ok());
  clocks_.Advance(kPastIt);
  using Call = testing::MemoryStore::Call;
  store_.FailOnce(Call::kCommit, absl::ResourceExhaustedError("disk full"));
  Restart();
  ExpectSources({"192.0.2.1/32"});
  store_.FailOnce(Call::kCommit, absl::ResourceExhaustedError("disk full"));
  EXPECT_FALSE(engine_->Apply(*engine_->TakeBackOfOverdue()).ok());
  ExpectSources({"192.0.2.1/32"});
  ASSERT_TRUE(engine_->Apply(*engine_->TakeBackOfOverdue()).ok());
  ExpectSources({});
  EXPECT_EQ(store_.state().unconfirmed, std::nullopt);
}

TEST_F(EngineConfirmDiskTest, AConfirmationThatIsNotOnDiskIsNone) {
  ASSERT_TRUE(engine_->Apply(Unsure(Block(Source("192.0.2.1")))).ok());
  store_.FailOnce(testing::MemoryStore::Call::kCommit,
                  absl::ResourceExhaustedError("disk full"));
  EXPECT_FALSE(engine_->Confirm(1, "me").ok());
  EXPECT_TRUE(engine_->GetStatus().unconfirmed.has_value());
  EXPECT_TRUE(engine_->Confirm(1, "me").ok());
}

TEST_F(EngineConfirmDiskTest, TheTablesAreWrittenOnceAtStart) {
  ASSERT_TRUE(engine_->Apply(Unsure(Block(Source("192.0.2.1")))).ok());
  clocks_.Advance(kPastIt);
  // A second time would fail.
  kernel_.FailNext(MemoryDataPlane::Operation::kRemoveSource,
                   absl::InternalError("not at start"));
  Restart();
  ExpectSources({});
}

TEST_F(EngineConfirmTest, TheWallClockDoesNotMoveTheDeadline) {
  Do(BlockFor("192.0.2.2", absl::Hours(1)));
  const std::string before = Policy();
  Change unsure = BlockFor("192.0.2.1", absl::Hours(2));
  unsure.edits.push_back({.match = Source("192.0.2.2"),
                          .comment = "",
                          .ending = absl::Hours(3),
                          .renew = true});
  Do(Unsure(unsure));
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  for (const absl::Duration set : {absl::Hours(24), -absl::Hours(30)}) {
    clocks_.SetWall(clocks_.wall() + set);
    const absl::Time shown = engine_->GetStatus().unconfirmed->confirm_by;
    EXPECT_LT(absl::AbsDuration(shown - clocks_.wall() - kMinute),
              absl::Seconds(1));
    ASSERT_TRUE(engine_->RefreshExpiry().ok());
    EXPECT_EQ(engine_->NextConfirmation(),
              clocks_.Get().Now().DeadlineIn(kMinute));
    EXPECT_FALSE(engine_->TakeBackOfOverdue().has_value());
    Restart();
    EXPECT_FALSE(engine_->TakeBackOfOverdue().has_value());
  }
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_EQ(Policy(), before);
}

TEST_F(EngineConfirmTest, AfterASetClockAndARebootItGoesByTheNewTime) {
  Do(Block(Source("192.0.2.2")));
  const std::string before = Policy();
  Do(Unsure(BlockFor("192.0.2.1", absl::Hours(2))));
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  clocks_.SetWall(clocks_.wall() + absl::Hours(24));
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  clocks_.Reboot(absl::Seconds(20));
  Restart();
  EXPECT_FALSE(engine_->TakeBackOfOverdue().has_value());
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  clocks_.Advance(absl::Seconds(30));
  Restart();
  EXPECT_FALSE(engine_->TakeBackOfOverdue().has_value());
  clocks_.Advance(absl::Seconds(20));
  Restart();
  EXPECT_EQ(Waiting(), std::nullopt);
  EXPECT_EQ(Policy(), before);
}

TEST_F(EngineConfirmTest, AClockThatStandsBeforeItGivesTheWholeTimeOnce) {
  Do(Unsure(Block(Source("192.0.2.1"))));
  clocks_.Reboot(absl::Seconds(50));
  clocks_.SetWall(absl::FromUnixSeconds(100));
  Restart();
  EXPECT_EQ(engine_->NextConfirmation(),
            clocks_.Get().Now().DeadlineIn(kMinute));
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  clocks_.Advance(absl::Seconds(50));
  Restart();
  EXPECT_EQ(Waiting(), 1u);
  clocks_.Advance(absl::Seconds(11));
  Restart();
  EXPECT_EQ(Waiting(), std::nullopt);
  EXPECT_THAT(engine_->List(0, kAll).rules, IsEmpty());
}

TEST(ConfirmFingerprints, AreOtherOnesForOtherTimes) {
  Change change = Block(Source("192.0.2.1"));
  const std::string plain = Fingerprint(change);
  change.confirm_within = kMinute;
  const std::string minute = Fingerprint(change);
  EXPECT_NE(minute, plain);
  change.confirm_within = kPastIt;
  EXPECT_NE(Fingerprint(change), minute);
  Change back = RollBack(3);
  const std::string sure = Fingerprint(back);
  back.confirm_within = kMinute;
  EXPECT_NE(Fingerprint(back), sure);
}

}  // namespace
}  // namespace fwagent::core
