// The thread that takes ended rules away, on clocks that a test turns.
#include "agent/core/expiry_worker.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "tests/component/engine_fixture.h"

namespace fwagent::core {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// Says for what the worker waits, and lets it go on when the test says so.
class FakeTimer : public ExpiryTimer {
 public:
  bool Wait(policy::Deadline until) override {
    std::unique_lock lock(mutex_);
    until_ = until;
    ++waits_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return stopped_ || woken_; });
    woken_ = false;
    return !stopped_;
  }
  void Wake() override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  void Stop() override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  // For what it waits, once it has waited so many times.
  policy::Deadline WaitsFor(int waits) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waits_ >= waits; });
    return until_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  policy::Deadline until_ = policy::kNever;
  int waits_ = 0;
  bool woken_ = false;
  bool stopped_ = false;
};

class ExpiryWorkerTest : public EngineTest {
 protected:
  ExpiryWorkerTest() : EngineTest(1000) {}
  ~ExpiryWorkerTest() override { worker_.reset(); }

  void StartWorker() {
    auto timer = std::make_unique<FakeTimer>();
    timer_ = timer.get();
    worker_ = std::make_unique<ExpiryWorker>(engine_.get(), std::move(timer));
  }
  void BlockFor(const std::string& prefix, absl::Duration ttl) {
    const auto applied = engine_->Apply(
        {.edits = {{.match = Source(prefix), .comment = "", .ending = ttl}},
         .request_id = ""});
    ASSERT_TRUE(applied.ok()) << applied.status();
  }
  policy::Deadline In(absl::Duration time) {
    return clocks_.Get().Now().DeadlineIn(time);
  }

  FakeTimer* timer_ = nullptr;
  std::unique_ptr<ExpiryWorker> worker_;
};

TEST_F(ExpiryWorkerTest, WaitsForTheFirstEndAndWakesForAnEarlierOne) {
  StartWorker();
  EXPECT_EQ(timer_->WaitsFor(1), policy::kForever);
  BlockFor("192.0.2.1", absl::Minutes(10));
  EXPECT_EQ(timer_->WaitsFor(2), In(absl::Minutes(10)));
  BlockFor("192.0.2.2", absl::Minutes(20));
  BlockFor("192.0.2.3", absl::Minutes(5));
  EXPECT_EQ(timer_->WaitsFor(3), In(absl::Minutes(5)));
  clocks_.Advance(absl::Minutes(6));
  timer_->Wake();
  EXPECT_EQ(timer_->WaitsFor(4), In(absl::Minutes(4)));
  EXPECT_EQ(engine_->GetStatus().generation, 4u);
  ExpectSources({"192.0.2.1/32", "192.0.2.2/32"});
}

TEST_F(ExpiryWorkerTest, WhatEndedWhileNobodyWasThereGoesAtStart) {
  BlockFor("192.0.2.1", absl::Minutes(10));
  BlockFor("192.0.2.2", absl::Hours(2));
  clocks_.Reboot(absl::Hours(1));
  Restart();
  StartWorker();
  EXPECT_EQ(timer_->WaitsFor(1), In(absl::Hours(1)));
  ExpectSources({"192.0.2.2/32"});
  EXPECT_EQ(store_.state().boot_id, "boot+");
}

TEST_F(ExpiryWorkerTest, ManyEndsAreGatheredForASecond) {
  BlockFor("192.0.2.1", absl::Minutes(1));
  BlockFor("192.0.2.2", absl::Minutes(1) + absl::Milliseconds(300));
  StartWorker();
  timer_->WaitsFor(1);
  clocks_.Advance(absl::Minutes(1) + absl::Milliseconds(140));
  timer_->Wake();
  EXPECT_EQ(timer_->WaitsFor(2), In(absl::Seconds(1)));
  EXPECT_EQ(engine_->GetStatus().generation, 3u);
}

TEST_F(ExpiryWorkerTest, WhatIsNotConfirmedIsTakenBackAtItsDeadline) {
  BlockFor("192.0.2.9", absl::Minutes(10));
  StartWorker();
  timer_->WaitsFor(1);
  Change unsure = Block(Source("192.0.2.1"));
  unsure.confirm_within = absl::Seconds(60);
  ASSERT_TRUE(engine_->Apply(unsure).ok());
  const policy::Deadline deadline = In(absl::Seconds(60));
  EXPECT_EQ(timer_->WaitsFor(2), deadline);
  // Ends that come just before do not put it off.
  clocks_.Advance(absl::Milliseconds(59'500));
  timer_->Wake();
  EXPECT_EQ(timer_->WaitsFor(3), deadline);
  ExpectSources({"192.0.2.9/32", "192.0.2.1/32"});
  clocks_.Advance(absl::Milliseconds(700));
  timer_->Wake();
  EXPECT_EQ(timer_->WaitsFor(4), engine_->NextDeadline());
  ExpectSources({"192.0.2.9/32"});
}

TEST_F(ExpiryWorkerTest, WhatCannotBeTakenBackYetIsTriedAgain) {
  Change unsure = Block(Source("192.0.2.1"));
  unsure.confirm_within = absl::Seconds(60);
  ASSERT_TRUE(engine_->Apply(unsure).ok());
  StartWorker();
  timer_->WaitsFor(1);
  clocks_.Advance(absl::Seconds(61));
  store_.FailOnce(testing::MemoryStore::Call::kCommit,
                  absl::ResourceExhaustedError("disk full"));
  timer_->Wake();
  EXPECT_EQ(timer_->WaitsFor(2), In(absl::Seconds(1)));
  ExpectSources({"192.0.2.1/32"});
  timer_->Wake();
  EXPECT_EQ(timer_->WaitsFor(3), policy::kForever);
  ExpectSources({});
}

TEST_F(ExpiryWorkerTest, AFullDiskIsTriedAgainWithMoreAndMorePatience) {
  BlockFor("192.0.2.1", absl::Minutes(1));
  StartWorker();
  timer_->WaitsFor(1);
  clocks_.Advance(absl::Minutes(2));
  const int seconds[] = {1, 2, 4, 8, 16, 32, 60, 60};
  int waits = 1;
  for (const int patience : seconds) {
    store_.FailOnce(testing::MemoryStore::Call::kCommit,
                    absl::ResourceExhaustedError("disk full"));
    timer_->Wake();
    EXPECT_EQ(timer_->WaitsFor(++waits), In(absl::Seconds(patience)));
    EXPECT_THAT(engine_->List(0, 10).rules, IsEmpty());
    EXPECT_THAT(store_.state().rules, SizeIs(1));
  }
  timer_->Wake();
  EXPECT_EQ(timer_->WaitsFor(++waits), policy::kForever);
  ExpectSources({});
}

TEST_F(ExpiryWorkerTest, TheStoreFollowsAWallClockThatIsSet) {
  BlockFor("192.0.2.1", absl::Hours(48));
  StartWorker();
  timer_->WaitsFor(1);
  const absl::Time before = store_.state().rules[0].expire_time;
  clocks_.SetWall(clocks_.wall() + absl::Hours(24));
  timer_->Wake();
  timer_->WaitsFor(2);
  const absl::Time after = store_.state().rules[0].expire_time;
  EXPECT_LT(absl::AbsDuration(after - before - absl::Hours(24)),
            absl::Seconds(1));
}

TEST_F(ExpiryWorkerTest, WaitsForEntriesOfSetsToo) {
  StartWorker();
  EXPECT_EQ(timer_->WaitsFor(1), policy::kForever);
  policy::SetEntries::Builder builder;
  builder.Add({*policy::Prefix::Parse("192.0.2.1"), 600});
  builder.Add({*policy::Prefix::Parse("192.0.2.2")});
  Change fill;
  fill.sets.push_back({.kind = SetEdit::Kind::kReplace,
                       .name = "bad",
                       .create_missing = true,
                       .entries = std::make_shared<policy::SetEntries>(
                           std::move(builder).Build())});
  ASSERT_TRUE(engine_->Apply(fill).ok());
  EXPECT_EQ(timer_->WaitsFor(2), In(absl::Seconds(600)));
  clocks_.Advance(absl::Seconds(601));
  timer_->Wake();
  EXPECT_EQ(timer_->WaitsFor(3), policy::kForever);
  EXPECT_EQ((*kernel_.ReadSources())->size(), 1u);
  EXPECT_EQ(store_.state().sets.at("bad")->entries.size(), 1u);
}

}  // namespace
}  // namespace fwagent::core
