// What an upgrade keeps of the state file, and the way back to it.
#include "agent/store/schema_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/store/schema.h"
#include "agent/store/sqlite_recovery.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/state_files.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/older_state_file.h"

namespace fwagent::store {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The version, the tables and every row.
std::string Dump(SqliteDatabase& database) {
  const auto text = [&database](const std::string& sql) {
    return database.ReadText(sql).value();
  };
  std::string dump = absl::StrCat(
      "version ", database.ReadInteger("PRAGMA user_version").value());
  const std::vector<std::string> tables = absl::StrSplit(
      text("SELECT group_concat(name) FROM sqlite_schema WHERE type = 'table'"),
      ',');
  for (const std::string& table : tables) {
    const std::string columns = text(absl::StrCat(
        "SELECT group_concat(name) FROM pragma_table_info('", table, "')"));
    absl::StrAppend(
        &dump, "\n", table, " (", columns, "): ",
        text(absl::StrCat("SELECT coalesce(group_concat(fw_checksum(", columns,
                          ")), '') FROM ", table)));
  }
  return dump;
}

std::string DumpOf(const std::string& file) {
  auto database = SqliteDatabase::Open(file);
  EXPECT_TRUE(database.ok()) << database.status();
  return Dump(*database);
}

// A state directory.
class Site {
 public:
  std::string File() const { return dir_ / "fwagent.db"; }
  std::string Copy(std::int64_t version) const {
    return SchemaCopyFile(File(), version);
  }

  void Make(std::int64_t version, const std::string& rows = kOldestRows) const {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      fs::remove(File() + suffix);
    }
    const auto made = MakeOlderState(File(), version, rows);
    ASSERT_TRUE(made.ok()) << made.status();
  }
  void Execute(const std::string& sql) const {
    auto database = SqliteDatabase::Open(File());
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE(database->AllowWrites().ok());  // into the file itself
    const absl::Status done = database->Execute(sql);
    ASSERT_TRUE(done.ok()) << done;
  }

  absl::StatusOr<State> Load() const {
    auto store = SqliteStore::Open(dir_.path());
    if (!store.ok()) return store.status();
    return (*store)->Load();
  }
  absl::StatusOr<State> GoBack() const {
    SqliteRecovery recovery(std::make_shared<const StateDirectory>(
        *StateDirectory::Open(dir_.path())));
    auto store = recovery.FromSchemaCopy();
    if (!store.ok()) return store.status();
    return (*store)->Load();
  }

  std::vector<std::string> Named(const std::string& part) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_.path())) {
      const std::string name = entry.path().filename();
      if (name.find(part) != std::string::npos) names.push_back(name);
    }
    return names;
  }

  const std::string& path() const { return dir_.path(); }

 private:
  testing::TempDir dir_;
};

TEST(SchemaCopy, EveryOlderVersionIsKeptAsItWas) {
  for (std::int64_t version = 1; version < SchemaVersion(); ++version) {
    SCOPED_TRACE(version);
    const Site site;
    ASSERT_NO_FATAL_FAILURE(site.Make(version));
    const std::string before = DumpOf(site.File());
    const auto upgraded = site.Load();
    ASSERT_TRUE(upgraded.ok()) << upgraded.status();
    EXPECT_EQ(upgraded->rules.size(), 2u);
    EXPECT_NE(DumpOf(site.File()), before) << "the number at least";
    EXPECT_EQ(DumpOf(site.Copy(version)), before);
    EXPECT_TRUE(site.Named(".new").empty());
    struct stat info {};
    ASSERT_EQ(stat(site.Copy(version).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);

    const Site older;
    fs::copy_file(site.Copy(version), older.File());
    const auto again = older.Load();
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->rules, upgraded->rules);
    EXPECT_EQ(again->generation, 12u);
  }
}

TEST(SchemaCopy, ThisVersionAndANewFileAreNotCopied) {
  const Site site;
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(site.Load().ok());
    EXPECT_TRUE(site.Named(".schema-").empty());
  }
}

// A crash left changes there that are not in the file yet.
TEST(SchemaCopy, WhatIsOnlyInTheLogIsKeptToo) {
  const Site first;
  auto open = MakeOlderState(first.File(), SchemaVersion() - 1);
  ASSERT_TRUE(open.ok()) << open.status();
  const Site site;
  for (const char* suffix : {"", "-wal"}) {
    fs::copy_file(first.File() + suffix, site.File() + suffix);
  }
  ASSERT_GT(fs::file_size(site.File() + "-wal"), 0u);
  ASSERT_TRUE(site.Load().ok());
  EXPECT_EQ(DumpOf(site.Copy(SchemaVersion() - 1)), Dump(*open));
}

TEST(SchemaCopy, ALaterUpgradeOfTheSameVersionKeepsTheLaterRows) {
  const Site site;
  const std::int64_t version = SchemaVersion() - 1;
  ASSERT_NO_FATAL_FAILURE(site.Make(version, ""));
  ASSERT_TRUE(site.Load().ok());
  ASSERT_NO_FATAL_FAILURE(site.Make(version));
  const std::string before = DumpOf(site.File());
  ASSERT_NE(DumpOf(site.Copy(version)), before);
  // Of an upgrade that was killed.
  std::ofstream(site.Copy(version) + ".new") << "half";
  std::ofstream(site.Copy(version) + ".new-wal") << "its log";
  ASSERT_TRUE(site.Load().ok());
  EXPECT_EQ(DumpOf(site.Copy(version)), before);
  EXPECT_TRUE(site.Named(".new").empty());
}

TEST(SchemaCopy, WithoutItThereIsNoUpgrade) {
  const Site site;
  const std::int64_t version = SchemaVersion() - 1;
  ASSERT_NO_FATAL_FAILURE(site.Make(version));
  const std::string before = Content(site.File());
  fs::create_directory(site.Copy(version));
  const absl::Status refused = site.Load().status();
  EXPECT_FALSE(refused.ok());
  EXPECT_FALSE(IsUnreadable(refused)) << "the store is sound";
  EXPECT_THAT(
      std::string(refused.message()),
      AllOf(HasSubstr(site.Copy(version)), HasSubstr("nothing was changed"),
            HasSubstr("install the older agent again")));
  EXPECT_TRUE(Content(site.File()) == before) << "the file was touched";
  EXPECT_TRUE(site.Named(".new").empty());
  fs::remove(site.Copy(version));
  EXPECT_TRUE(site.Load().ok());
}

TEST(SchemaCopy, ADamagedFileIsNotKept) {
  const Site site;
  const std::int64_t version = SchemaVersion() - 1;
  ASSERT_NO_FATAL_FAILURE(site.Make(version));
  fs::resize_file(site.File(), fs::file_size(site.File()) / 2);
  EXPECT_TRUE(IsUnreadable(site.Load().status()));
  EXPECT_TRUE(site.Named(".schema-").empty());
}

TEST(SchemaCopy, OfTheLastGoodCopyToo) {
  const Site site;
  const std::int64_t version = SchemaVersion() - 1;
  ASSERT_NO_FATAL_FAILURE(site.Make(version));
  const std::string before = DumpOf(site.File());
  fs::rename(site.File(), site.File() + ".copy");
  std::ofstream(site.File()) << "damaged";
  {
    SqliteRecovery recovery(std::make_shared<const StateDirectory>(
        *StateDirectory::Open(site.path())));
    ASSERT_TRUE(recovery.FromCopy().ok());
  }
  EXPECT_EQ(site.Load()->rules.size(), 2u);
  EXPECT_EQ(DumpOf(site.Copy(version)), before);
}

// A file that went from the version before ours to ours, and on to a newer one
// that has another comment.
class NewerFile : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(site_.Make(kBefore));
    const auto state = site_.Load();
    ASSERT_TRUE(state.ok()) << state.status();
    rules_ = state->rules;
    ASSERT_NO_FATAL_FAILURE(site_.Execute(
        "UPDATE rule SET comment = 'newer'; PRAGMA user_version = 99"));
  }

  void ExpectUntouched(const std::string& before) {
    EXPECT_TRUE(Content(site_.File()) == before);
    EXPECT_TRUE(site_.Named("newer").empty());
    EXPECT_TRUE(site_.Named(".new").empty());
    EXPECT_TRUE(IsNewerSchema(site_.Load().status()));
  }

  const std::int64_t kBefore = SchemaVersion() - 1;
  Site site_;
  std::vector<policy::Rule> rules_;
};

TEST_F(NewerFile, IsRefusedWithTheWayBack) {
  std::ofstream(site_.Copy(SchemaVersion() + 1)) << "nor is this for us";
  std::ofstream(site_.Copy(kBefore - 1)) << "there is a better one";
  const absl::Status refused = site_.Load().status();
  EXPECT_TRUE(IsNewerSchema(refused));
  EXPECT_THAT(
      std::string(refused.message()),
      AllOf(HasSubstr("too old for it"), HasSubstr("install the newer agent"),
            HasSubstr(site_.Copy(kBefore)), HasSubstr("all changes since"),
            HasSubstr("'fwagent --recover schema-copy'"),
            HasSubstr(site_.File() + "-wal")));
}

TEST_F(NewerFile, IsRefusedWithoutOneWhereThereIsNone) {
  fs::rename(site_.Copy(kBefore), site_.Copy(SchemaVersion() + 1));
  const std::string before = Content(site_.File());
  EXPECT_THAT(std::string(site_.Load().status().message()),
              AllOf(HasSubstr("install the newer agent again"),
                    Not(HasSubstr("schema-copy"))));
  const absl::Status refused = site_.GoBack().status();
  EXPECT_TRUE(absl::IsNotFound(refused)) << refused;
  ExpectUntouched(before);
}

TEST_F(NewerFile, GoesBackAndIsKept) {
  const std::string newer = Content(site_.File());
  std::ofstream(site_.File() + "-wal") << "its log";
  const auto state = site_.GoBack();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->rules, rules_);
  const auto aside = site_.Named(".newer-");
  ASSERT_EQ(aside.size(), 2u);
  for (const std::string& name : aside) {
    EXPECT_EQ(Content(site_.path() + "/" + name),
              name.ends_with("-wal") ? "its log" : newer);
  }
  EXPECT_TRUE(fs::exists(site_.Copy(kBefore)));
  EXPECT_EQ(site_.Load()->rules, rules_) << "at the next start too";
}

TEST_F(NewerFile, IsNotGivenUpForADamagedCopy) {
  const std::string before = Content(site_.File());
  fs::resize_file(site_.Copy(kBefore), 4096);
  const absl::Status refused = site_.GoBack().status();
  EXPECT_THAT(
      std::string(refused.message()),
      AllOf(HasSubstr(site_.Copy(kBefore)), HasSubstr("cannot be used")));
  EXPECT_FALSE(IsUnreadable(refused));
  ExpectUntouched(before);
}

// Each name that is given on the way may be the last before a crash.
TEST_F(NewerFile, AWayBackThatWasInterruptedIsEndedByTheNextStart) {
  std::ofstream(site_.File() + "-wal") << "its log";
  fs::copy_file(site_.Copy(kBefore), site_.File() + ".older");
  fs::rename(site_.File() + "-wal", site_.File() + ".newer-x-wal");
  const auto state = site_.Load();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->rules, rules_);
  EXPECT_TRUE(site_.Named(".older").empty());
  EXPECT_EQ(site_.Named(".newer-").size(), 2u);
}

}  // namespace
}  // namespace fwagent::store
