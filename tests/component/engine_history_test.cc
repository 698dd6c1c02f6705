// Generations, etags and the way back, with a store on a disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/store/history_rows.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_on_disk.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using EngineHistoryTest = EngineOnDisk;

TEST_F(EngineHistoryTest, SaysWhoDidWhatAndKeepsItAcrossARestart) {
  Change block = Block(Source("192.0.2.1"));
  block.origin = "someone";
  Do(block);
  Do(Fill("list", {"10.0.0.0/8", "2001:db8::/32"}));
  Restart();
  const auto history = engine_->History(kAll, 10);
  ASSERT_EQ(history->size(), 2u);
  EXPECT_EQ((*history)[0].generation, 2u);
  EXPECT_THAT((*history)[0].summary, HasSubstr("list"));
  EXPECT_EQ((*history)[0].etag, engine_->GetStatus().etag);
  EXPECT_EQ((*history)[1].origin, "someone");
  EXPECT_THAT((*history)[1].summary, HasSubstr("block source 192.0.2.1/32"));
  EXPECT_TRUE((*history)[1].can_undo);
  EXPECT_EQ(engine_->History(2, 10)->size(), 1u) << "below that generation";
  EXPECT_EQ(engine_->History(kAll, 1)->size(), 1u);
}

TEST_F(EngineHistoryTest, AChangeForAnotherPolicyIsAborted) {
  const std::string etag = engine_->GetStatus().etag;
  ASSERT_FALSE(etag.empty());
  Change first = Block(Source("192.0.2.1"));
  first.etag = etag;
  Do(first);
  const std::string second_etag = engine_->GetStatus().etag;
  EXPECT_NE(second_etag, etag);
  Change second = Block(Source("192.0.2.2"));
  second.etag = etag;
  const std::string before = Policy();
  const auto refused = engine_->Apply(second);
  EXPECT_TRUE(absl::IsAborted(refused.status())) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(second_etag));
  EXPECT_EQ(util::ReasonOf(refused.status()), "ETAG_MISMATCH");
  EXPECT_EQ(Policy(), before);
  second.etag = second_etag;
  Do(second);
  Restart();
  EXPECT_NE(engine_->GetStatus().etag, second_etag);
}

TEST_F(EngineHistoryTest, TheEtagIsTheSameAfterARestart) {
  Do(Block(Source("192.0.2.1")));
  const std::string etag = engine_->GetStatus().etag;
  Restart();
  EXPECT_EQ(engine_->GetStatus().etag, etag);
}

TEST_F(EngineHistoryTest, BringsBackRulesPortsAndSets) {
  Do(Block(Source("192.0.2.1")));
  Do(Block(Ports(10, 20)));
  Do(Fill("list", {"10.0.0.0/8", "10.1.0.0/16"}));
  const std::string wanted = Policy();
  Do(Unblock(Source("192.0.2.1")));
  Do(Unblock(Ports(10, 20)));
  Do(Block(Ports(30, 30)));
  Do(Fill("list", {"10.1.0.0/16", "10.2.0.0/16"}));
  Do(Fill("other", {"192.0.2.1"}));
  Do(Delete("list"));
  Do(RollBack(3));
  EXPECT_EQ(Policy(), wanted);
  EXPECT_EQ(engine_->GetStatus().generation, 10u) << "a new generation";
  Restart();
  EXPECT_EQ(Policy(), wanted);
  Do(RollBack(9));
  EXPECT_NE(Policy(), wanted);
  Do(RollBack(10));
  EXPECT_EQ(Policy(), wanted);
}

TEST_F(EngineHistoryTest, OnlyAnEarlierGenerationCanComeBack) {
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  for (const std::uint64_t generation : {1u, 2u, 99u}) {
    const auto refused = engine_->Apply(RollBack(generation));
    EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
    EXPECT_THAT(std::string(refused.status().message()),
                HasSubstr("the present one is 1"));
  }
  EXPECT_EQ(Policy(), before);
  Do(RollBack(0));
  EXPECT_THAT(engine_->List(0, kAll).rules, IsEmpty());
}

TEST_F(EngineHistoryTest, OnlyValidatedItChangesNothing) {
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Change change = RollBack(0);
  change.validate_only = true;
  const auto result = engine_->Apply(change);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->rules.size(), 1u);
  EXPECT_EQ(Policy(), before);
  EXPECT_EQ(engine_->GetStatus().generation, 1u);
}

TEST_F(EngineHistoryTest, WhatHasEndedStaysEnded) {
  Change block = Block(Source("192.0.2.1"));
  block.edits[0].ending = absl::Seconds(10);
  Do(block);
  Do(Block(Source("192.0.2.2")));
  Do(Unblock(Source("192.0.2.1")));
  Do(Unblock(Source("192.0.2.2")));
  clocks_.Advance(absl::Seconds(20));
  Do(RollBack(2));
  const auto rules = engine_->List(0, kAll).rules;
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].match, Source("192.0.2.2"));
}

TEST_F(EngineHistoryTest, AKernelThatRefusesLeavesEverythingAsItWas) {
  Do(Block(Source("192.0.2.1")));
  Do(Fill("list", {"10.0.0.0/8"}));
  Do(Fill("list", {"10.0.0.0/9", "11.0.0.0/8"}));
  const std::string before = Policy();
  const std::string etag = engine_->GetStatus().etag;
  kernel_.FailNext(MemoryDataPlane::Operation::kReplaceSources,
                   absl::ResourceExhaustedError("no memory"));
  EXPECT_FALSE(engine_->Apply(RollBack(1)).ok());
  EXPECT_EQ(Policy(), before);
  EXPECT_EQ(engine_->GetStatus().etag, etag);
  EXPECT_EQ(engine_->History(kAll, 10)->size(), 3u);
  Restart();
  EXPECT_EQ(Policy(), before);
  EXPECT_EQ(engine_->GetStatus().etag, etag);
  Do(RollBack(1));
}

TEST_F(EngineHistoryTest, OldGenerationsAreForgotten) {
  Do(Block(Source("198.51.100.1")));
  for (std::size_t i = 0; i < store::HistoryRows::kUndoKept; ++i) {
    Do(i % 2 == 0 ? Block(Source("192.0.2.1")) : Unblock(Source("192.0.2.1")));
    Do(Fill("list", {absl::StrCat("10.0.", i % 200, ".0/24")}));
  }
  const auto refused = engine_->Apply(RollBack(0));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_EQ(util::ReasonOf(refused.status()), "GENERATION_NOT_KEPT");
  const std::uint64_t present = engine_->GetStatus().generation;
  EXPECT_EQ(engine_->History(kAll, kAll)->size(), present)
      << "what was done is known for longer";
  Restart();
  Do(RollBack(present - store::HistoryRows::kUndoKept));
}

// Any sequence of changes, any way back.
TEST_F(EngineHistoryTest, AnyEarlierPolicyComesBackExactly) {
  std::mt19937 generator(20'261'123);
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  std::map<std::uint64_t, std::string> policies = {{0, Policy()}};
  const auto prefix = [&] {
    return absl::StrCat("10.", random() % 3, ".", random() % 3, ".0/24");
  };
  for (int round = 0; round < 400; ++round) {
    const std::string set = random() % 2 == 0 ? "a" : "b";
    Change change;
    switch (random() % 9) {
      case 0:
      case 1:
        change = Block(Source(prefix()));
        break;
      case 2:
        change = Unblock(Source(prefix()));
        break;
      case 3:
        change = Block(Ports(1 + random() % 5, 6 + random() % 5));
        break;
      case 4:
        change = Unblock(Ports(1 + random() % 5, 6 + random() % 5));
        break;
      case 5:
        change = Fill(set, {prefix(), prefix(), prefix(), "2001:db8::/32"});
        break;
      case 6:
        change = Fill(set, {prefix(), prefix()}, SetEdit::Kind::kPut);
        break;
      case 7:
        change = random() % 4 == 0
                     ? Delete(set)
                     : Fill(set, {prefix()}, SetEdit::Kind::kErase);
        break;
      default: {
        const std::uint64_t present = engine_->GetStatus().generation;
        if (present == 0) continue;
        const std::uint64_t to = random() % present;
        const auto result = engine_->Apply(RollBack(to));
        ASSERT_TRUE(result.ok()) << result.status();
        ASSERT_EQ(Policy(), policies[to]) << "generation " << to;
      }
    }
    for (Edit& edit : change.edits) {
      edit.owner = random() % 2 == 0 ? "cli" : "fail2ban";
      edit.any_owner = random() % 8 == 0;
      const bool may_allow = std::holds_alternative<policy::Prefix>(edit.match);
      if (may_allow && random() % 3 == 0) edit.action = policy::Action::kAllow;
    }
    if (!change.edits.empty() || !change.sets.empty()) {
      engine_->Apply(change).IgnoreError();  // many are refused
    }
    if (random() % 20 == 0) Restart();
    policies[engine_->GetStatus().generation] = Policy();
  }
}

}  // namespace
}  // namespace fwagent::core
