// An engine without a store, and how it gets one again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/util/errno_status.h"
#include "tests/component/engine_fixture.h"

namespace fwagent::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A store that lives on when its owner lets go of it.
class Lent : public store::Store {
 public:
  explicit Lent(store::Store* store) : store_(store) {}
  absl::StatusOr<store::State> Load() override { return store_->Load(); }
  absl::Status CommitAll(absl::Span<const store::Delta> deltas) override {
    return store_->CommitAll(deltas);
  }
  absl::StatusOr<std::optional<store::AnsweredRequest>> FindRequest(
      std::string_view request_id) override {
    return store_->FindRequest(request_id);
  }
  absl::StatusOr<std::vector<store::HistoryEntry>> ListHistory(
      std::uint64_t before, std::size_t limit) override {
    return store_->ListHistory(before, limit);
  }
  absl::StatusOr<store::UndoableEntry> ReadUndo(
      std::uint64_t generation) override {
    return store_->ReadUndo(generation);
  }
  absl::StatusOr<store::TakeBack> ReadTakeBack() override {
    return store_->ReadTakeBack();
  }
  void UseEntryClock(const store::EntryClock& clock) override {
    store_->UseEntryClock(clock);
  }

 private:
  store::Store* const store_;
};

class FakeRecovery : public store::Recovery {
 public:
  std::optional<absl::Time> CopyTime() const override {
    if (copy == nullptr) return std::nullopt;
    return absl::FromUnixSeconds(1'600'000'000);
  }
  absl::StatusOr<std::unique_ptr<store::Store>> FromDelta(
      const store::Delta& delta) override {
    if (!failure.ok()) return failure;
    const absl::Status committed = made.Commit(delta);
    if (!committed.ok()) return committed;
    return std::make_unique<Lent>(&made);
  }
  absl::StatusOr<std::unique_ptr<store::Store>> FromCopy() override {
    if (copy == nullptr) return absl::NotFoundError("there is no copy");
    return std::make_unique<Lent>(copy);
  }

  absl::Status failure;
  testing::MemoryStore* copy = nullptr;
  testing::MemoryStore made;
};

class EngineRecoverTest : public EngineTest {
 protected:
  // Of a kernel that enforces two rules.
  void SetUp() override {
    ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.1"))).ok());
    ASSERT_TRUE(engine_->Apply(Block(Ports(80, 80))).ok());
    LoseStore();
  }

  void LoseStore() {
    kernel_.Restart();
    engine_ = Engine::StartReadOnly(
        util::WithReason(absl::DataLossError("the file is damaged"),
                         "STORE_DAMAGED"),
        &recovery_, &kernel_, clocks_.Get());
  }

  std::string Enforced() {
    std::string text;
    const auto sources = kernel_.ReadSources();
    for (const auto& rule : **sources) {
      text += rule.prefix.ToString() + " ";
    }
    return text + (BlockedBy(80) != 0 ? "80" : "");
  }

  FakeRecovery recovery_;
};

TEST_F(EngineRecoverTest, TheKernelIsListedAndNothingIsChanged) {
  EXPECT_EQ(engine_->List(0, 10).total, 2u);
  const EngineStatus status = engine_->GetStatus();
  EXPECT_TRUE(status.read_only);
  EXPECT_THAT(status.trouble,
              AllOf(HasSubstr("the file is damaged"), HasSubstr("2 rules"),
                    HasSubstr("--from kernel"), HasSubstr("no copy")));
  EXPECT_EQ(status.tables[0].entries, 1u);
  for (const Change& change :
       {Block(Source("192.0.2.9")), Unblock(Source("192.0.2.1")),
        Unblock(Ports(80, 80)), Block(Source("192.0.2.9"), "an id")}) {
    const absl::Status refused = engine_->Apply(change).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_EQ(util::ReasonOf(refused), "STORE_DAMAGED");
  }
  EXPECT_EQ(Enforced(), "192.0.2.1/32 80");
}

// There is no list to write them from.
TEST_F(EngineRecoverTest, DamagedTablesAreReportedAndNotWritten) {
  ASSERT_TRUE(engine_->Attach("eth0", dataplane::ModePreference::kAuto).ok());
  kernel_.ClearTables();
  const dataplane::MendReport report = engine_->Mend();
  EXPECT_THAT(report.damage, IsEmpty());
  EXPECT_THAT(report.trouble.message(), HasSubstr("cannot be mended"));
  EXPECT_EQ(Enforced(), "");
}

TEST_F(EngineRecoverTest, FromTheKernel) {
  std::string told = "never";
  engine_->OnTrouble([&told](const std::string& trouble) { told = trouble; });
  EXPECT_THAT(told, HasSubstr("no changes"));
  const auto recovered = engine_->Recover(RecoverFrom::kKernel, "a test");
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->rules, 2u);
  EXPECT_EQ(recovered->as_of, clocks_.wall());
  EXPECT_EQ(told, "");
  EXPECT_FALSE(engine_->GetStatus().read_only);
  EXPECT_EQ(recovery_.made.state().rules, engine_->List(0, 10).rules);
  ASSERT_TRUE(engine_->Apply(Block(Source("192.0.2.9"))).ok());
  EXPECT_EQ(Enforced(), "192.0.2.1/32 192.0.2.9/32 80");
  EXPECT_EQ(recovery_.made.state().rules.size(), 3u);
}

TEST_F(EngineRecoverTest, FromTheCopyWhichIsEnforcedThen) {
  testing::MemoryStore copy;
  ASSERT_TRUE(copy.Commit({.add = {{.id = 7,
                                    .match = Source("198.51.100.1"),
                                    .comment = "kept",
                                    .create_time = clocks_.wall()}},
                           .generation = 5,
                           .next_rule_id = 8})
                  .ok());
  recovery_.copy = &copy;
  LoseStore();
  EXPECT_THAT(engine_->GetStatus().trouble, HasSubstr("2020-09-13"));
  const auto recovered = engine_->Recover(RecoverFrom::kCopy, "a test");
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->rules, 1u);
  EXPECT_EQ(recovered->generation, 5u);
  EXPECT_EQ(recovered->as_of, absl::FromUnixSeconds(1'600'000'000));
  EXPECT_EQ(Enforced(), "198.51.100.1/32 ");
  EXPECT_EQ(engine_->Apply(Block(Source("192.0.2.9")))->rules[0].id, 8u);
}

TEST_F(EngineRecoverTest, WhatCannotBeDoneLeavesItReadOnly) {
  EXPECT_TRUE(absl::IsNotFound(
      engine_->Recover(RecoverFrom::kCopy, "a test").status()));
  recovery_.failure = absl::UnavailableError("the disk");
  EXPECT_EQ(engine_->Recover(RecoverFrom::kKernel, "a test").status(),
            recovery_.failure);
  EXPECT_TRUE(engine_->GetStatus().read_only);
  EXPECT_FALSE(engine_->Apply(Block(Source("192.0.2.9"))).ok());
  EXPECT_EQ(Enforced(), "192.0.2.1/32 80");
}

TEST_F(EngineRecoverTest, AnEmptyKernelIsNothingToRecoverFrom) {
  ASSERT_TRUE(kernel_.ReplaceSources({}).ok());
  ASSERT_TRUE(kernel_.ReplacePorts(policy::Protocol::kTcp, {}).ok());
  LoseStore();
  EXPECT_THAT(engine_->GetStatus().trouble,
              AllOf(HasSubstr("none is enforced"),
                    HasSubstr("neither rules in the kernel nor")));
  EXPECT_TRUE(absl::IsNotFound(
      engine_->Recover(RecoverFrom::kKernel, "a test").status()));
}

TEST_F(EngineRecoverTest, ASoundStoreIsNotRecovered) {
  Restart();
  const absl::Status refused =
      engine_->Recover(RecoverFrom::kKernel, "a test").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(util::ReasonOf(refused), "STORE_SOUND");
}

TEST_F(EngineRecoverTest, AFilterOnOtherTablesIsNotReplaced) {
  ASSERT_TRUE(engine_->Attach("eth0", dataplane::ModePreference::kAuto).ok());
  kernel_.SetInheritsTables(false);
  LoseStore();
  const auto refused =
      engine_->Attach("eth0", dataplane::ModePreference::kAuto);
  EXPECT_THAT(std::string(refused.status().message()),
              AllOf(HasSubstr("left alone"), HasSubstr("--recover copy")));
  // On a host without a filter there is nothing to lift.
  ASSERT_TRUE(engine_->Detach({"eth0"}, "a test").ok());
  LoseStore();
  EXPECT_TRUE(engine_->Attach("eth0", dataplane::ModePreference::kAuto).ok());
}

}  // namespace
}  // namespace fwagent::core
