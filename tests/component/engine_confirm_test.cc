// Changes that are taken back unless they are confirmed in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "agent/core/plan.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_confirm_fixture.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;
using ::testing::AllOf;
using ::testing::HasSubstr;

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
