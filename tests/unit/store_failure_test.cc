// A disk that fails, in front of the real store: this program defines the two
// calls that SQLite writes with, and so decides what becomes of them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/store/schema.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/state_files.h"
#include "agent/util/errno_status.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/older_state_file.h"

namespace {

struct Disk {
  int write_error = 0;    // 0: writes succeed
  int writes_before = 0;  // that succeed before the error
  int sync_error = 0;     // 0: syncs succeed
  int sync_failures = 0;  // how many fail
  int syncs = 0;          // that were asked for
};
Disk disk;

}  // namespace

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size,
                            off64_t offset) {
  if (disk.write_error != 0 && disk.writes_before-- <= 0) {
    errno = disk.write_error;
    return -1;
  }
  return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

extern "C" int fdatasync(int fd) {
  ++disk.syncs;
  if (disk.sync_error != 0 && disk.sync_failures-- > 0) {
    errno = disk.sync_error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}

namespace fwagent::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

policy::Rule HostRule(policy::RuleId id) {
  return {.id = id,
          .match = *policy::Prefix::Parse("192.0.2." + std::to_string(id)),
          .comment = "",
          .create_time = absl::UnixEpoch()};
}

Delta AddHost(policy::RuleId id) {
  return {.add = {HostRule(id)},
          .remove = {},
          .generation = id,
          .next_rule_id = id + 1,
          .remember = AnsweredRequest{.request_id = std::to_string(id),
                                      .fingerprint = "",
                                      .rules = {HostRule(id)},
                                      .generation = id},
          .forget_request_id = {}};
}

std::string ReadFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A state directory of the version before ours.
class OlderSite {
 public:
  OlderSite() { Make(); }

  void Make() const {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(file() + suffix);
    }
    EXPECT_TRUE(MakeOlderState(file(), kVersion).ok());
  }

  const std::string& path() const { return dir_.path(); }
  std::string file() const { return dir_ / "fwagent.db"; }
  std::string copy() const { return SchemaCopyFile(file(), kVersion); }
  std::string Content() const { return ReadFile(file()); }

  std::size_t Rules() const {
    const auto store = SqliteStore::Open(path());
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? (*store)->Load()->rules.size() : 0;
  }

 private:
  const std::int64_t kVersion = SchemaVersion() - 1;
  testing::TempDir dir_;
};

class StoreFailureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = SqliteStore::Open(dir_.path());
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    ASSERT_TRUE(store_->Commit(AddHost(1)).ok());
  }
  void TearDown() override { disk = {}; }

  // The rules that the running store has.
  std::vector<policy::RuleId> Ids() { return IdsOf(*store_); }

  // Those that an agent would find if this one crashed now.
  std::vector<policy::RuleId> IdsAfterACrash() {
    const testing::TempDir after;
    std::filesystem::copy(dir_.path(), after.path(),
                          std::filesystem::copy_options::recursive);
    auto store = SqliteStore::Open(after.path());
    EXPECT_TRUE(store.ok()) << store.status();
    return IdsOf(**store);
  }

  testing::TempDir dir_;
  std::unique_ptr<SqliteStore> store_;

 private:
  static std::vector<policy::RuleId> IdsOf(SqliteStore& store) {
    const auto state = store.Load();
    EXPECT_TRUE(state.ok()) << state.status();
    std::vector<policy::RuleId> ids;
    for (const policy::Rule& rule : state->rules) ids.push_back(rule.id);
    return ids;
  }
};

TEST_F(StoreFailureTest, ACommitIsSyncedBeforeItReturns) {
  const int before = disk.syncs;
  ASSERT_TRUE(store_->Commit(AddHost(2)).ok());
  EXPECT_EQ(disk.syncs, before + 1);
  ASSERT_TRUE(store_->FindRequest("2").ok());
  EXPECT_EQ(disk.syncs, before + 1) << "reading syncs nothing";
}

struct FailureCase {
  const char* name;
  int error;
  absl::StatusCode code;
  const char* reason;
  const char* text;
};

class EveryFailure : public StoreFailureTest,
                     public ::testing::WithParamInterface<FailureCase> {
 protected:
  void ExpectRefused(const absl::Status& status, const std::string& reason) {
    EXPECT_EQ(status.code(), GetParam().code) << status;
    EXPECT_EQ(util::ReasonOf(status), reason);
    EXPECT_THAT(
        std::string(status.message()),
        AllOf(HasSubstr(GetParam().text), HasSubstr(dir_ / "fwagent.db")));
  }
};

// Each write of a commit fails in turn, until none is left to fail.
TEST_P(EveryFailure, OfAWriteLeavesTheStoreAsItWasAndUsable) {
  int failed = 0;
  for (int writes = 0;; ++writes) {
    disk.write_error = GetParam().error;
    disk.writes_before = writes;
    const absl::Status status = store_->Commit(AddHost(2));
    disk = {};
    if (status.ok()) break;
    ++failed;
    ExpectRefused(status, GetParam().reason);
    EXPECT_THAT(Ids(), ElementsAre(1));
    EXPECT_THAT(IdsAfterACrash(), ElementsAre(1));
    EXPECT_FALSE((*store_->FindRequest("2")).has_value());
  }
  EXPECT_GE(failed, 4);
  EXPECT_THAT(Ids(), ElementsAre(1, 2));
  EXPECT_THAT(IdsAfterACrash(), ElementsAre(1, 2));
}

TEST_P(EveryFailure, OfASyncLeavesTheStoreAsItWasAndUsable) {
  disk.sync_error = GetParam().error;
  disk.sync_failures = 1000;
  const absl::Status status = store_->Commit(AddHost(2));
  disk = {};
  // The log has all of it, and cannot be emptied either.
  ExpectRefused(status, "OUTCOME_UNKNOWN");
  EXPECT_THAT(Ids(), ElementsAre(1));
  ASSERT_TRUE(store_->Commit(AddHost(3)).ok());
  EXPECT_THAT(Ids(), ElementsAre(1, 3));
  EXPECT_THAT(IdsAfterACrash(), ElementsAre(1, 3));
}

// Each write of a start that upgrades fails in turn: the first ones are those
// of SQLite's index of the log, then come the copy's.
TEST_P(EveryFailure, OfAnUpgradeLeavesTheFileOrACopyOfIt) {
  const OlderSite site;
  const std::string before = site.Content();
  int of_the_copy = 0;
  int of_the_upgrade = 0;
  for (int writes = 0;; ++writes) {
    disk.write_error = GetParam().error;
    disk.writes_before = writes;
    const absl::Status status = SqliteStore::Open(site.path()).status();
    disk = {};
    if (status.ok()) break;
    EXPECT_EQ(status.code(), GetParam().code) << status;
    EXPECT_FALSE(std::filesystem::exists(site.copy() + ".new"));
    if (std::filesystem::exists(site.copy())) {
      ++of_the_upgrade;
      continue;
    }
    const std::string message(status.message());
    EXPECT_THAT(message, HasSubstr(GetParam().text));
    ASSERT_TRUE(site.Content() == before) << "the file was touched";
    if (message.find(site.copy()) == std::string::npos) continue;
    ++of_the_copy;
    EXPECT_FALSE(IsUnreadable(status)) << "the store is sound";
  }
  EXPECT_GE(of_the_copy, 4);
  EXPECT_GE(of_the_upgrade, 1);
  EXPECT_EQ(site.Rules(), 2u);
}

INSTANTIATE_TEST_SUITE_P(
    Disk, EveryFailure,
    ::testing::Values(
        FailureCase{"Full", ENOSPC, absl::StatusCode::kResourceExhausted,
                    "DISK_FULL", "free some space"},
        FailureCase{"OverQuota", EDQUOT, absl::StatusCode::kResourceExhausted,
                    "DISK_FULL", "free some space"},
        FailureCase{"TooBig", EFBIG, absl::StatusCode::kResourceExhausted,
                    "DISK_FULL", "free some space"},
        FailureCase{"Broken", EIO, absl::StatusCode::kUnavailable,
                    "STORE_IO_ERROR", "check the disk"}),
    [](const auto& instance) { return instance.param.name; });

// An earlier copy is better than half of a new one.
TEST_F(StoreFailureTest, AnUpgradeThatFailsLeavesTheCopyOfTheOneBefore) {
  const OlderSite site;
  ASSERT_EQ(site.Rules(), 2u);
  const std::string copy = ReadFile(site.copy());
  site.Make();
  disk.write_error = ENOSPC;
  disk.writes_before = 12;  // the first ones are of the log's index
  const absl::Status status = SqliteStore::Open(site.path()).status();
  disk = {};
  EXPECT_THAT(std::string(status.message()), HasSubstr(site.copy()));
  EXPECT_TRUE(ReadFile(site.copy()) == copy);
  EXPECT_EQ(site.Rules(), 2u);
}

// The log holds a whole commit whose sync failed; the client was told no. The
// kernel reports such a failure once.
TEST_F(StoreFailureTest, ACommitWhoseSyncFailedDoesNotComeBack) {
  disk.sync_error = EIO;
  disk.sync_failures = 1;
  EXPECT_EQ(util::ReasonOf(store_->Commit(AddHost(2))), "STORE_IO_ERROR");
  disk = {};
  EXPECT_THAT(IdsAfterACrash(), ElementsAre(1));
}

TEST_F(StoreFailureTest, AFullDiskAtTheFirstStartIsSaidPlainly) {
  const testing::TempDir fresh;
  disk.write_error = ENOSPC;
  const absl::Status status = SqliteStore::Open(fresh.path()).status();
  disk = {};
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(SqliteStore::Open(fresh.path()).ok())
      << "and what is left is no obstacle";
}

}  // namespace
}  // namespace fwagent::store
