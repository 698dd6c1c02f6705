// Changes that are not confirmed, over restarts, reboots, full disks and clocks
// that are set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/component/engine_confirm_fixture.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;
using ::testing::IsEmpty;

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

TEST_F(EngineConfirmDiskTest, WhatHasNoRoomComesBackWhenThereIsSome) {
  for (const char* host : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    ASSERT_TRUE(engine_->Apply(Block(Source(host))).ok());
  }
  ASSERT_TRUE(engine_->Apply(Unsure(Unblock(Source("192.0.2.1")))).ok());
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.4"))).ok());
  clocks_.Advance(kPastIt);
  const auto refused = engine_->Apply(*engine_->TakeBackOfOverdue());
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
  Restart();
  ExpectSources({"192.0.2.2/32", "192.0.2.3/32", "192.0.2.4/32"});
  ASSERT_TRUE(engine_->GetStatus().unconfirmed.has_value());
  ASSERT_TRUE(engine_->Apply(Unblock(Source("192.0.2.4"))).ok());
  ASSERT_TRUE(engine_->Apply(*engine_->TakeBackOfOverdue()).ok());
  ExpectSources({"192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"});
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

}  // namespace
}  // namespace fwagent::core
