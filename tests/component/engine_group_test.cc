// Callers that come at the same time, and changes of many rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_fixture.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;
using fwagent::testing::MemoryStore;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = Edit::Kind;

TEST_F(EngineTest, ReadersDoNotWaitForTheDisk) {
  std::latch committing(1);
  std::latch go_on(1);
  store_.OnCommit([&] {
    committing.count_down();
    go_on.wait();
  });
  std::thread writer(
      [&] { EXPECT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok()); });
  committing.wait();
  EXPECT_THAT(engine_->List(0, 10).rules, IsEmpty());
  EXPECT_EQ(engine_->GetStatus().generation, 0u);
  go_on.count_down();
  writer.join();
  store_.OnCommit(nullptr);
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, ConcurrentCallersGetOneAnswerEach) {
  std::atomic<int> accepted = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (std::uint32_t port = 1; port <= 50; ++port) {
        if (engine_->Apply(Block(Ports(port, port))).ok()) ++accepted;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(accepted, 50);
  EXPECT_EQ(engine_->GetStatus().generation, 50u);
}

// Lets a first caller into the disk, and others gather behind it until `go`.
class EngineGroupTest : public EngineTest {
 protected:
  EngineGroupTest() : EngineTest(100) {}

  // Each change in a thread of its own; all but the first come while it is on
  // its way to the disk. Their answers, in the order of `changes`.
  std::vector<absl::StatusOr<ChangeResult>> ApplyTogether(
      const std::vector<Change>& changes) {
    std::atomic<bool> is_first = true;
    std::latch committing(1);
    std::latch go_on(1);
    store_.OnCommit([&] {
      if (!is_first.exchange(false)) return;
      committing.count_down();
      go_on.wait();
    });
    std::vector<absl::StatusOr<ChangeResult>> results(changes.size());
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      callers.emplace_back([&, i] { results[i] = engine_->Apply(changes[i]); });
      if (i == 0) {
        committing.wait();
      } else {
        while (engine_->WaitingChanges() < i) std::this_thread::yield();
      }
    }
    go_on.count_down();
    for (std::thread& caller : callers) caller.join();
    store_.OnCommit(nullptr);
    return results;
  }
};

TEST_F(EngineGroupTest, CallersThatWaitShareOneCommit) {
  std::vector<Change> changes;
  for (int i = 1; i <= 10; ++i) {
    changes.push_back(Block(Source(absl::StrCat("192.0.2.", i))));
  }
  const auto results = ApplyTogether(changes);
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(results[i].ok()) << results[i].status();
    EXPECT_EQ(results[i]->generation, i + 1);
    EXPECT_EQ(results[i]->rules[0].id, i + 1);
  }
  EXPECT_EQ(store_.commits(), 2) << "the first one's, and that of all others";
  EXPECT_THAT(engine_->List(0, 100).rules, SizeIs(10));
  EXPECT_EQ(store_.state().rules, engine_->List(0, 100).rules);
}

TEST_F(EngineGroupTest, AChangeSeesWhatBecameOfThoseBeforeIt) {
  const auto results =
      ApplyTogether({Block(Source("192.0.2.1")), Block(Source("192.0.2.2")),
                     Block(Source("192.0.2.2")), Unblock(Source("192.0.2.2")),
                     Unblock(Source("192.0.2.2")), Block(Source("192.0.2.2"))});
  EXPECT_TRUE(results[1].ok());
  EXPECT_EQ(results[2].status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(results[3].ok());
  EXPECT_EQ(results[4].status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(results[5].ok());
  ExpectSources({"192.0.2.1/32", "192.0.2.2/32"});
}

TEST_F(EngineGroupTest, ARequestAndItsRetryAreDoneOnce) {
  const auto results = ApplyTogether(
      {Block(Source("192.0.2.1")), Block(Source("192.0.2.2"), "a"),
       Block(Source("192.0.2.2"), "a"), Block(Source("192.0.2.3"), "a")});
  ASSERT_TRUE(results[1].ok());
  ASSERT_TRUE(results[2].ok()) << results[2].status();
  EXPECT_EQ(results[1]->rules, results[2]->rules);
  EXPECT_EQ(util::ReasonOf(results[3].status()), "REQUEST_ID_REUSED");
  ExpectSources({"192.0.2.1/32", "192.0.2.2/32"});
}

TEST_F(EngineGroupTest, OneThatTheKernelRefusesTakesNobodyWithIt) {
  kernel_.FailNext(MemoryDataPlane::Operation::kRemoveSource,
                   absl::InternalError("no"));
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.9"))).ok());
  const auto results = ApplyTogether(
      {Block(Source("192.0.2.1")), Block(Source("192.0.2.2")),
       Unblock(Source("192.0.2.9")), Block(Source("192.0.2.3"), "a"),
       Block(Source("192.0.2.4"))});
  EXPECT_TRUE(results[1].ok());
  EXPECT_EQ(results[2].status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(results[3].ok()) << results[3].status();
  EXPECT_TRUE(results[4].ok());
  EXPECT_EQ(engine_->GetStatus().generation, 5u) << "one for each accepted";
  ExpectSources({"192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32", "192.0.2.4/32",
                 "192.0.2.9/32"});
  const auto retry = engine_->Apply(Block(Source("192.0.2.3"), "a"));
  ASSERT_TRUE(retry.ok());
  EXPECT_EQ(retry->rules, results[3]->rules);
}

TEST_F(EngineGroupTest, ADiskThatFailsFailsAllThatShareIt) {
  store_.FailOnce(MemoryStore::Call::kCommit,
                  absl::ResourceExhaustedError("disk full"), 1);
  const auto results =
      ApplyTogether({Block(Source("192.0.2.1")), Block(Source("192.0.2.2")),
                     Block(Source("192.0.2.3"))});
  EXPECT_TRUE(results[0].ok());
  for (int i : {1, 2}) {
    EXPECT_EQ(results[static_cast<std::size_t>(i)].status().code(),
              absl::StatusCode::kResourceExhausted);
  }
  ExpectSources({"192.0.2.1/32"});
}

Change Many(const std::vector<std::string>& blocked,
            const std::vector<std::string>& unblocked = {}) {
  Change change;
  for (const std::string& prefix : blocked) {
    change.edits.push_back({.match = Source(prefix), .comment = "many"});
  }
  for (const std::string& prefix : unblocked) {
    change.edits.push_back({.kind = Kind::kRemove, .match = Source(prefix)});
  }
  return change;
}

TEST_F(EngineTest, ManyEditsAreOneGeneration) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  Change change =
      Many({"192.0.2.2", "2001:db8::/32", "192.0.2.0/24"}, {"192.0.2.1"});
  change.request_id = "many";
  const auto result = engine_->Apply(change);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->rules, SizeIs(4));
  EXPECT_EQ(result->rules[3].id, 1u) << "in the order of the edits";
  EXPECT_EQ(result->generation, 2u);
  EXPECT_EQ(store_.commits(), 2);
  ExpectSources({"192.0.2.2/32", "2001:db8::/32", "192.0.2.0/24"});
  Restart();
  const auto retry = engine_->Apply(change);
  ASSERT_TRUE(retry.ok()) << retry.status();
  EXPECT_EQ(retry->rules, result->rules);
  change.edits[1].comment = "another";
  EXPECT_EQ(util::ReasonOf(engine_->Apply(change).status()),
            "REQUEST_ID_REUSED");
}

TEST_F(EngineTest, ManyEditsAreRefusedTogether) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  struct Row {
    Change change;
    absl::StatusCode code;
    const char* says;
  };
  for (const Row& row :
       {Row{Many({"192.0.2.2", "192.0.2.1"}), absl::StatusCode::kAlreadyExists,
            "192.0.2.1/32 is already blocked by rule 1"},
        Row{Many({"192.0.2.2"}, {"192.0.2.3"}), absl::StatusCode::kNotFound,
            "192.0.2.3/32 is not blocked"},
        Row{Many({"192.0.2.2", "192.0.2.2"}),
            absl::StatusCode::kInvalidArgument, "192.0.2.2/32 is given twice"},
        Row{Many({"192.0.2.1"}, {"192.0.2.1"}),
            absl::StatusCode::kInvalidArgument, "given twice"},
        Row{Many({"192.0.2.2", "192.0.2.3", "192.0.2.4"}),
            absl::StatusCode::kResourceExhausted, "of 3"},
        Row{Change(), absl::StatusCode::kInvalidArgument, "nothing"}}) {
    const absl::Status status = engine_->Apply(row.change).status();
    EXPECT_EQ(status.code(), row.code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.says));
    ExpectSources({"192.0.2.1/32"});
  }
  EXPECT_EQ(store_.commits(), 1);
}

TEST_F(EngineTest, WhatIsSatisfiedCanBeLeftOut) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  Change change = Many({"192.0.2.1", "192.0.2.2"}, {"192.0.2.3"});
  change.skip_satisfied = true;
  const auto result = engine_->Apply(change);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_THAT(result->rules, SizeIs(1));
  EXPECT_EQ(policy::MatchToString(result->rules[0].match),
            "source 192.0.2.2/32");
  const auto nothing = engine_->Apply(change);
  ASSERT_TRUE(nothing.ok());
  EXPECT_THAT(nothing->rules, IsEmpty());
  EXPECT_EQ(nothing->generation, 2u);
  EXPECT_EQ(store_.commits(), 2);
  // With an id the answer is kept, although nothing changes.
  change.request_id = "again";
  ASSERT_TRUE(engine_->Apply(change).ok());
  ASSERT_TRUE(engine_->Apply(Unblock(Source("192.0.2.2"))).ok());
  EXPECT_THAT(engine_->Apply(change)->rules, IsEmpty());
  ExpectSources({"192.0.2.1/32"});
}

TEST_F(EngineTest, AKernelThatRefusesManyIsUndoneOnDisk) {
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
  kernel_.FailNext(MemoryDataPlane::Operation::kReplaceSources,
                   absl::ResourceExhaustedError("no memory"));
  Change change = Many({"192.0.2.2", "192.0.2.3"}, {"192.0.2.1"});
  change.request_id = "many";
  EXPECT_EQ(engine_->Apply(change).status().code(),
            absl::StatusCode::kResourceExhausted);
  ExpectSources({"192.0.2.1/32"});
  ASSERT_TRUE(engine_->Apply(change).ok());
  ExpectSources({"192.0.2.2/32", "192.0.2.3/32"});
}

}  // namespace
}  // namespace fwagent::core
