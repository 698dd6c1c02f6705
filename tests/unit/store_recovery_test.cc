// Copies of the state file, and what takes the place of a damaged one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "agent/store/copy_keeper.h"
#include "agent/store/sqlite_recovery.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/state_files.h"
#include "agent/store/store_copy.h"
#include "agent/util/errno_status.h"
#include "tests/support/temp_dir.h"

namespace fwagent::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Delta AddHost(std::uint32_t id) {
  return {.add = {{.id = id,
                   .match = *policy::Prefix::Parse(
                       absl::StrCat("10.0.", id >> 8, ".", id & 255)),
                   .comment = "a comment",
                   .create_time = absl::UnixEpoch()}},
          .generation = id,
          .next_rule_id = id + 1};
}

class StoreRecoveryTest : public ::testing::Test {
 protected:
  StoreRecoveryTest()
      : directory_(std::make_shared<const StateDirectory>(
            *StateDirectory::Open(dir_.path()))) {}

  void SetUp() override {
    OpenStore();
    ASSERT_TRUE(store_->Commit(AddHost(1)).ok());
  }

  void OpenStore() {
    auto store = SqliteStore::Open(directory_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Damage() {
    store_.reset();
    std::ofstream(File(), std::ios::trunc) << "damaged";
    EXPECT_TRUE(IsUnreadable(SqliteStore::Open(directory_).status()));
  }

  absl::Status Copy() { return WriteCopy(*directory_, no_); }
  std::string File() const { return StateFile(*directory_); }

  static std::size_t Rules(Store& store) { return store.Load()->rules.size(); }

  std::vector<std::string> Named(const std::string& part) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_.path())) {
      const std::string name = entry.path().filename();
      if (name.find(part) != std::string::npos) names.push_back(name);
    }
    return names;
  }

  testing::TempDir dir_;
  std::shared_ptr<const StateDirectory> directory_;
  std::unique_ptr<SqliteStore> store_;
  SqliteRecovery recovery_{directory_};
  const std::atomic<bool> no_ = false;
  const std::atomic<bool> yes_ = true;
};

TEST_F(StoreRecoveryTest, TheCopyHasWhatWasCommittedBefore) {
  EXPECT_EQ(recovery_.CopyTime(), std::nullopt);
  const absl::Status copied = Copy();
  ASSERT_TRUE(copied.ok()) << copied;
  EXPECT_NE(recovery_.CopyTime(), std::nullopt);
  ASSERT_TRUE(store_->Commit(AddHost(2)).ok()) << "the store goes on";
  struct stat info {};
  ASSERT_EQ(stat(CopyFile(*directory_).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  EXPECT_TRUE(Named(".copy.new").empty());
  Damage();
  const auto recovered = recovery_.FromCopy();
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(Rules(**recovered), 1u);
  EXPECT_TRUE((*recovered)->Commit(AddHost(3)).ok());
  EXPECT_EQ(Named(".damaged-").size(), 1u);
}

// None of them waits, and each copy is one state.
TEST_F(StoreRecoveryTest, CopiesWhileChangesGoOn) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (std::uint32_t id = 2; id < 500; ++id) {
      EXPECT_TRUE(store_->Commit(AddHost(id)).ok());
    }
    done = true;
  });
  while (!done) {
    const absl::Status copied = Copy();
    EXPECT_TRUE(copied.ok()) << copied;
  }
  writer.join();
  store_.reset();
  const auto copy = SqliteStore::OpenFile(CopyFile(*directory_));
  const State state = *(*copy)->Load();
  EXPECT_EQ(state.rules.size(), state.generation);
}

TEST_F(StoreRecoveryTest, ACopyThatIsGivenUpLeavesTheOneBefore) {
  ASSERT_TRUE(Copy().ok());
  const auto before = recovery_.CopyTime();
  EXPECT_TRUE(absl::IsCancelled(WriteCopy(*directory_, yes_)));
  EXPECT_EQ(recovery_.CopyTime(), before);
  EXPECT_TRUE(Named(".copy.new").empty());
}

// The rows of a file are right, and one is not as it was written.
TEST_F(StoreRecoveryTest, ADamagedStoreIsNotCopied) {
  ASSERT_TRUE(Copy().ok());
  const auto before = recovery_.CopyTime();
  auto database = SqliteDatabase::Open(File());
  ASSERT_TRUE(database->Execute("UPDATE rule SET comment = 'b'").ok());
  const absl::Status copied = Copy();
  EXPECT_TRUE(absl::IsDataLoss(copied)) << copied;
  EXPECT_EQ(recovery_.CopyTime(), before);
}

TEST_F(StoreRecoveryTest, ANewStoreOfWhatTheKernelHas) {
  ASSERT_TRUE(Copy().ok());
  Damage();
  std::ofstream(File() + "-wal") << "its log";
  const auto recovered = recovery_.FromDelta(AddHost(9));
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(Rules(**recovered), 1u);
  EXPECT_EQ(Named(".damaged-").size(), 2u);
  EXPECT_EQ(Named(".copy.before-").size(), 1u);
}

TEST_F(StoreRecoveryTest, ADamagedCopyIsNotUsedAndNothingIsMoved) {
  ASSERT_TRUE(Copy().ok());
  Damage();
  fs::resize_file(CopyFile(*directory_), 4096);
  const absl::Status refused = recovery_.FromCopy().status();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("cannot be used"));
  EXPECT_TRUE(Named("damaged").empty());
  EXPECT_TRUE(Named(".new").empty());
  fs::remove(CopyFile(*directory_));
  EXPECT_TRUE(absl::IsNotFound(recovery_.FromCopy().status()));
}

// Each name that a recovery gives may be the last before a crash.
TEST_F(StoreRecoveryTest, AnInterruptedRecoveryIsEndedByTheNextStart) {
  ASSERT_TRUE(Copy().ok());
  const std::vector<std::vector<std::string>> moved = {
      {}, {"-wal"}, {"-wal", ""}};
  for (const auto& suffixes : moved) {
    Damage();
    std::ofstream(File() + "-wal") << "its log";
    fs::copy_file(CopyFile(*directory_), File() + ".recovered");
    for (const std::string& suffix : suffixes) {
      fs::rename(File() + suffix, File() + ".damaged-x" + suffix);
    }
    ASSERT_NO_FATAL_FAILURE(OpenStore());
    EXPECT_EQ(Rules(*store_), 1u);
    EXPECT_TRUE(Named(".recovered").empty());
  }
}

TEST_F(StoreRecoveryTest, AStoreThatIsGoneIsNotNewWhileItsCopyIsThere) {
  ASSERT_TRUE(Copy().ok());
  store_.reset();
  fs::remove(File());
  const absl::Status refused = SqliteStore::Open(directory_).status();
  EXPECT_TRUE(IsUnreadable(refused)) << refused;
  fs::remove(CopyFile(*directory_));
  OpenStore();
  EXPECT_TRUE(store_->Load()->fresh);
}

TEST(IsUnreadable, MeansDamageAndADiskThatFails) {
  const auto with = [](const char* reason) {
    return util::WithReason(absl::InternalError(""), reason);
  };
  EXPECT_TRUE(IsUnreadable(with("STORE_DAMAGED")));
  EXPECT_TRUE(IsUnreadable(with("STORE_IO_ERROR")));
  EXPECT_FALSE(IsUnreadable(with("STORE_UNAVAILABLE")));
  EXPECT_FALSE(IsUnreadable(with("DISK_FULL")));
  EXPECT_FALSE(IsUnreadable(absl::FailedPreconditionError("newer")));
  EXPECT_FALSE(IsUnreadable(absl::OkStatus()));
}

TEST(CopyKeeper, IsDueAfterManyChangesOrSomeTimeAndNotAllTheTime) {
  const auto ms = [](int n) { return absl::Milliseconds(n); };
  EXPECT_FALSE(CopyKeeper::IsDue(0, absl::Hours(9), ms(1)));
  EXPECT_FALSE(CopyKeeper::IsDue(1, absl::Minutes(4), ms(1)));
  EXPECT_TRUE(CopyKeeper::IsDue(1, absl::Minutes(5), ms(1)));
  EXPECT_FALSE(CopyKeeper::IsDue(1000, absl::Seconds(59), ms(1)));
  EXPECT_TRUE(CopyKeeper::IsDue(1000, absl::Seconds(60), ms(1)));
  EXPECT_FALSE(CopyKeeper::IsDue(1000, absl::Seconds(60), absl::Seconds(2)));
  EXPECT_TRUE(CopyKeeper::IsDue(1000, absl::Seconds(100), absl::Seconds(2)));
}

TEST(CopyKeeper, WritesOneAndGivesUpWhenSomebodyWaits) {
  absl::Notification begun, ended;
  std::atomic<int> calls = 0;
  CopyKeeper keeper(absl::Milliseconds(1), [&](const auto& stop) {
    if (++calls > 1) {
      if (calls == 2) ended.Notify();
      return absl::OkStatus();
    }
    begun.Notify();
    while (!stop) std::this_thread::yield();
    return absl::CancelledError("");
  });
  begun.WaitForNotification();
  keeper.MakeWay();
  ended.WaitForNotification();  // it is done again
}

}  // namespace
}  // namespace fwagent::store
