// The engine on a store and a kernel that fail when told to.
#include "agent/core/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/memory_data_plane.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_fixture.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;
using fwagent::testing::MemoryStore;
using policy::Prefix;
using policy::Protocol;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using Kind = Edit::Kind;

TEST_F(EngineTest, BlockReachesListDiskAndKernel) {
  const auto result = engine_->Apply(Block(Source("192.0.2.0/24")));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->rules[0].id, 1u);
  EXPECT_EQ(result->generation, 1u);
  EXPECT_EQ(result->rules[0].create_time, clocks_.wall());
  ExpectSources({"192.0.2.0/24"});
}

TEST_F(EngineTest, UnblockLiftsExactlyTheGivenPrefix) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.0/24"))).ok());
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.0/25"))).ok());
  ASSERT_TRUE(engine_->Apply(Unblock(Source("192.0.2.0/24"))).ok());
  ExpectSources({"192.0.2.0/25"});
}

TEST_F(EngineTest, TheSameBlockTwiceIsRefusedAndNamesTheRule) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  const auto again = engine_->Apply(Block(Source("192.0.2.1"))).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(again.message()), HasSubstr("rule 1"));
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, UnblockOfWhatIsNotBlockedIsNotFound) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.0/24"))).ok());
  EXPECT_EQ(engine_->Apply(Unblock(Source("192.0.2.0/25"))).status().code(),
            absl::StatusCode::kNotFound);
  ExpectSources({"192.0.2.0/24"});
}

TEST_F(EngineTest, OverlappingPortRangesStayBlockedUntilTheLastIsLifted) {
  ASSERT_TRUE(engine_->Apply(Block(Ports(80, 90))).ok());
  ASSERT_TRUE(engine_->Apply(Block(Ports(85, 85))).ok());
  EXPECT_EQ(BlockedBy(84), 1u);
  EXPECT_EQ(BlockedBy(85), 2u);
  ASSERT_TRUE(engine_->Apply(Unblock(Ports(80, 90))).ok());
  EXPECT_EQ(BlockedBy(84), 0u);
  EXPECT_EQ(BlockedBy(85), 2u);
  ASSERT_TRUE(engine_->Apply(Unblock(Ports(85, 85))).ok());
  EXPECT_EQ(BlockedBy(85), 0u);
}

TEST_F(EngineTest, ValidateOnlyChangesNothing) {
  Change change = Block(Source("192.0.2.1"));
  change.validate_only = true;
  const auto result = engine_->Apply(change);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->rules[0].id, 0u);
  EXPECT_EQ(store_.commits(), 0);
  ExpectSources({});
}

TEST_F(EngineTest, ValidateOnlySaysWhatWouldBeRefused) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  Change change = Block(Source("192.0.2.1"));
  change.validate_only = true;
  EXPECT_EQ(engine_->Apply(change).status().code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(EngineTest, AFullTableIsExhaustedAndEverythingAgrees) {
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(
        engine_->Apply(Block(Source(absl::StrCat("192.0.2.", i)))).ok());
  }
  const auto full = engine_->Apply(Block(Source("192.0.2.4"))).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(util::ReasonOf(full), "TABLE_FULL");
  EXPECT_THAT(std::string(full.message()), HasSubstr("3 of 3"));
  ExpectSources({"192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"});
  // The other family has a table of its own.
  EXPECT_TRUE(engine_->Apply(Block(Source("2001:db8::1"))).ok());
  // And room that is made can be used.
  ASSERT_TRUE(engine_->Apply(Unblock(Source("192.0.2.1"))).ok());
  EXPECT_TRUE(engine_->Apply(Block(Source("192.0.2.4"))).ok());
}

TEST_F(EngineTest, AFailedCommitChangesNothing) {
  store_.FailOnce(MemoryStore::Call::kCommit,
                  absl::ResourceExhaustedError("disk full"));
  EXPECT_EQ(engine_->Apply(Block(Source("192.0.2.1"))).status().code(),
            absl::StatusCode::kResourceExhausted);
  ExpectSources({});
  EXPECT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, AKernelThatRefusesABlockIsUndoneOnDisk) {
  kernel_.FailNext(MemoryDataPlane::Operation::kAddSource,
                   absl::InternalError("no memory"));
  EXPECT_EQ(engine_->Apply(Block(Source("192.0.2.1"), "id-1")).status().code(),
            absl::StatusCode::kInternal);
  ExpectSources({});
  EXPECT_EQ(store_.commits(), 2);
  // The request was not answered with OK, so its retry is a new try.
  const auto retry = engine_->Apply(Block(Source("192.0.2.1"), "id-1"));
  ASSERT_TRUE(retry.ok());
  EXPECT_EQ(retry->rules[0].id, 2u) << "ids are never given twice";
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, AKernelThatRefusesAnUnblockIsUndoneOnDisk) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  kernel_.FailNext(MemoryDataPlane::Operation::kRemoveSource,
                   absl::InternalError("no"));
  EXPECT_FALSE(engine_->Apply(Unblock(Source("192.0.2.1"))).ok());
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, ABlockThatTheKernelLostCanBeLifted) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  ASSERT_TRUE(kernel_.RemoveSource(*Prefix::Parse("192.0.2.1")).ok());
  EXPECT_TRUE(engine_->Apply(Unblock(Source("192.0.2.1"))).ok());
  ExpectSources({});
}

TEST_F(EngineTest, WhatTheKernelLacksIsNotTakenForARule) {
  ASSERT_TRUE(engine_->Apply(Block(Ports(80, 80))).ok());
  for (const absl::Status& lack :
       {absl::NotFoundError("no pin"), absl::AlreadyExistsError("a pin")}) {
    kernel_.FailNext(MemoryDataPlane::Operation::kReplacePorts, lack);
    EXPECT_EQ(engine_->Apply(Unblock(Ports(80, 80))).status().code(),
              absl::StatusCode::kInternal);
    EXPECT_EQ(BlockedBy(80), 1u);
  }
}

TEST_F(EngineTest, AKernelThatRefusesPortsIsUndoneOnDisk) {
  ASSERT_TRUE(engine_->Apply(Block(Ports(80, 80))).ok());
  kernel_.FailNext(MemoryDataPlane::Operation::kReplacePorts,
                   absl::InternalError("no"));
  EXPECT_FALSE(engine_->Apply(Block(Ports(81, 81))).ok());
  EXPECT_EQ(BlockedBy(80), 1u);
  EXPECT_EQ(BlockedBy(81), 0u);
  ExpectSources({});
}

TEST_F(EngineTest, WhenUndoingFailsTooNoMoreChangesAreTaken) {
  kernel_.FailNext(MemoryDataPlane::Operation::kAddSource,
                   absl::InternalError("no memory"));
  store_.FailOnce(MemoryStore::Call::kCommit, absl::InternalError("EIO"), 1);
  EXPECT_EQ(engine_->Apply(Block(Source("192.0.2.1"))).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const auto next = engine_->Apply(Block(Source("192.0.2.2"))).status();
  EXPECT_EQ(next.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(next.message()), HasSubstr("restart the agent"));
  EXPECT_THAT(engine_->List(0, 10).rules, IsEmpty());
  // After the restart the disk's word is enforced.
  Restart();
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, ARetryWithTheSameIdGetsTheSameAnswer) {
  const auto first = engine_->Apply(Block(Source("192.0.2.1"), "id-1"));
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.2"), "id-2")).ok());
  const auto retry = engine_->Apply(Block(Source("192.0.2.1"), "id-1"));
  ASSERT_TRUE(retry.ok()) << retry.status();
  EXPECT_EQ(retry->rules, first->rules);
  EXPECT_EQ(retry->generation, first->generation);
  EXPECT_EQ(store_.commits(), 2);
  Restart();
  const auto later = engine_->Apply(Block(Source("192.0.2.1"), "id-1"));
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->rules, first->rules);
}

TEST_F(EngineTest, AnIdUsedForSomethingElseIsRefused) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"), "id-1")).ok());
  for (const Change& other :
       {Block(Source("192.0.2.2"), "id-1"),
        Unblock(Source("192.0.2.1"), "id-1"),
        Change{.edits = {{.match = Source("192.0.2.1"), .comment = "c"}},
        .request_id = "id-1"}}) {
    EXPECT_EQ(engine_->Apply(other).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, PagesCoverEveryRuleOnce) {
  for (int port = 1; port <= 7; ++port) {
    ASSERT_TRUE(engine_->Apply(Block(Ports(port, port))).ok());
  }
  const RulePage first = engine_->List(0, 3);
  EXPECT_THAT(first.rules, SizeIs(3));
  EXPECT_FALSE(first.last);
  EXPECT_EQ(first.total, 7u);
  const RulePage second = engine_->List(first.rules.back().id, 4);
  EXPECT_THAT(second.rules, SizeIs(4));
  EXPECT_TRUE(second.last);
  EXPECT_THAT(engine_->List(7, 3).rules, IsEmpty());
  EXPECT_TRUE(engine_->List(7, 3).last);
}

TEST_F(EngineTest, ARestartEnforcesWhatTheStoreSays) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  ASSERT_TRUE(engine_->Apply(Block(Ports(80, 90))).ok());
  // Somebody tampered while no agent was there.
  ASSERT_TRUE(kernel_.RemoveSource(*Prefix::Parse("192.0.2.1")).ok());
  ASSERT_TRUE(kernel_.AddSource(Blocked("198.51.100.1", 77)).ok());
  kernel_.LosePortTable(Protocol::kTcp);
  Restart();
  ExpectSources({"192.0.2.1/32"});
  EXPECT_EQ(BlockedBy(85), 2u);
}

TEST_F(EngineTest, ARestartChangesSourcesAtOneInstantOrNotAtAll) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  ASSERT_TRUE(kernel_.AddSource(Blocked("198.51.100.1", 77)).ok());
  kernel_.FailNext(MemoryDataPlane::Operation::kReplaceSources,
                   absl::ResourceExhaustedError("no memory"));
  const auto refused = Engine::Start(&store_, &kernel_, clocks_.Get()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(*kernel_.ReadSources(), Optional(SizeIs(2)));
  Restart();
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, AStoreWithMoreRulesThanTheLimitIsRefusedAtStart) {
  for (const char* host : {"192.0.2.1", "192.0.2.2"}) {
    ASSERT_TRUE(engine_->Apply(Block(Source(host))).ok());
  }
  MemoryDataPlane small({.max_sources = 1});
  const auto refused = Engine::Start(&store_, &small, clocks_.Get()).status();
  EXPECT_EQ(util::ReasonOf(refused), "TABLE_FULL");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("max_sources"));
}

TEST_F(EngineTest, ARestartMakesRoomInATableFullOfOtherThings) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.2"))).ok());
  ASSERT_TRUE(kernel_.RemoveSource(*Prefix::Parse("192.0.2.1")).ok());
  ASSERT_TRUE(kernel_.AddSource(Blocked("198.51.100.1", 77)).ok());
  ASSERT_TRUE(kernel_.AddSource(Blocked("198.51.100.2", 78)).ok());
  Restart();
  ExpectSources({"192.0.2.1/32", "192.0.2.2/32"});
}

TEST_F(EngineTest, AnEmptyStoreThatIsNotNewAdoptsNothing) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  ASSERT_TRUE(engine_->Apply(Unblock(Source("192.0.2.1"))).ok());
  ASSERT_TRUE(kernel_.AddSource(Blocked("198.51.100.1", 77)).ok());
  Restart();
  ExpectSources({});
}

TEST_F(EngineTest, DetachTakesAllOrRefusesAll) {
  const auto mode = dataplane::ModePreference::kAuto;
  ASSERT_TRUE(engine_->Attach("eth0", mode).ok());
  ASSERT_TRUE(engine_->Attach("eth1", mode).ok());
  const auto refused = engine_->Detach({"eth0", "eth9"}, "test").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("eth0, eth1"));
  EXPECT_TRUE(engine_->Interfaces()[0].attached());

  EXPECT_THAT(*engine_->Detach({}, "uid 0"), ElementsAre("eth0", "eth1"));
  EXPECT_THAT(engine_->Interfaces(), IsEmpty());
  ASSERT_TRUE(engine_->Attach("eth0", mode).ok());
  EXPECT_TRUE(engine_->Interfaces()[0].attached());
}

TEST_F(EngineTest, StatusSaysHowFullTheTablesAre) {
  ASSERT_TRUE(engine_->Apply(Block(Source("2001:db8::/32"))).ok());
  const auto tables = engine_->GetStatus().tables;
  ASSERT_THAT(tables, SizeIs(2));
  EXPECT_EQ(tables[0].entries, 0u);
  EXPECT_EQ(tables[1].entries, 1u);
  EXPECT_EQ(tables[1].capacity, 3u);
  EXPECT_EQ(tables[0].memory_bytes, 0u);
  EXPECT_GT(tables[1].memory_bytes, 0u);
}

}  // namespace
}  // namespace fwagent::core
