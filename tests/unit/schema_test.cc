// Files that are refused, and stay as they are.
#include "agent/store/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/store/migrations.h"
#include "agent/store/sqlite_store.h"
#include "tests/support/temp_dir.h"

namespace fwagent::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SchemaTest : public ::testing::Test {
 protected:
  void MakeStore() {
    const auto store = SqliteStore::Open(dir_.path());
    ASSERT_TRUE(store.ok()) << store.status();
    Delta delta{.generation = 1, .next_rule_id = 2001};
    for (policy::RuleId id = 1; id <= 2000; ++id) {
      delta.add.push_back({.id = id,
                           .match = policy::Prefix(),
                           .comment = "a comment of some length",
                           .create_time = absl::UnixEpoch()});
    }
    ASSERT_TRUE((*store)->Commit(delta).ok());
  }

  void Execute(const std::string& sql) {
    auto database = SqliteDatabase::Open(File());
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status status = database->Execute(sql);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::int64_t Version() {
    auto database = SqliteDatabase::Open(File());
    EXPECT_TRUE(database.ok()) << database.status();
    return database->ReadInteger("PRAGMA user_version").value_or(-1);
  }

  // Of the file, or of a neighbour of it.
  std::string Content(const std::string& suffix = "") const {
    std::ifstream in(File() + suffix, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void SetContent(const std::string& content, const std::string& suffix = "") {
    std::ofstream(File() + suffix, std::ios::binary) << content;
  }

  // The error of opening; the file must not have changed.
  absl::Status Refused() {
    const std::string before = Content();
    absl::Status status = Opened();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(File()));
    EXPECT_TRUE(Content() == before) << "the file was touched";
    return status;
  }

  absl::StatusOr<std::unique_ptr<SqliteStore>> Open() {
    return SqliteStore::Open(dir_.path());
  }
  absl::Status Opened() { return Open().status(); }

  std::string File() const { return dir_ / "fwagent.db"; }

 private:
  testing::TempDir dir_;
};

// As a file system may leave it after a power cut.
TEST_F(SchemaTest, AnEmptyFileIsRefused) {
  for (const std::string content : {"", "S"}) {
    SetContent(content);
    EXPECT_EQ(Refused().code(), absl::StatusCode::kDataLoss) << content;
  }
}

TEST_F(SchemaTest, ALogWithoutItsFileIsRefused) {
  SetContent("committed once", "-wal");
  const absl::Status status = Opened();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("log is there"));
  EXPECT_EQ(Content("-wal"), "committed once");
}

// A kill at the first start of all.
TEST_F(SchemaTest, ANewFileThatWasNotFinishedIsMadeAnew) {
  SetContent("SQLite format 3", ".new");
  SetContent("half of a log", ".new-wal");
  MakeStore();
  EXPECT_TRUE(Opened().ok());
  EXPECT_EQ(Content(".new"), "");
}

TEST_F(SchemaTest, AFileOfANewerAgentIsRefused) {
  MakeStore();
  const std::int64_t version = Version();
  Execute("PRAGMA user_version = 99");
  const absl::Status status = Refused();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("schema version 99 of a newer fwagent"),
            HasSubstr("too old for it"), HasSubstr("install the newer agent")));
  Execute(absl::StrCat("PRAGMA user_version = ", version));
  EXPECT_TRUE(Opened().ok());
}

// What the first version wrote.
constexpr char kVersion1[] = R"sql(
CREATE TABLE meta (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  generation INTEGER NOT NULL,
  next_rule_id INTEGER NOT NULL CHECK (next_rule_id > 0)
) STRICT;
CREATE TABLE rule (
  id INTEGER PRIMARY KEY CHECK (id > 0),
  kind TEXT NOT NULL, address BLOB, length INTEGER, protocol TEXT,
  first_port INTEGER, last_port INTEGER, comment TEXT NOT NULL,
  created_us INTEGER NOT NULL
) STRICT;
CREATE TABLE request (
  seq INTEGER PRIMARY KEY, request_id TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL, generation INTEGER NOT NULL,
  rule_id INTEGER NOT NULL,
  kind TEXT NOT NULL, address BLOB, length INTEGER, protocol TEXT,
  first_port INTEGER, last_port INTEGER, comment TEXT NOT NULL,
  created_us INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, 12, 34);
INSERT INTO rule VALUES
  (5, 'source', x'c0000200', 24, NULL, NULL, NULL, 'scans', 1000000),
  (7, 'port', NULL, NULL, 'udp', 53, 54, '', 2000000);
INSERT INTO request VALUES
  (3, 'one', 'block source 192.0.2.0/24', 11, 5,
   'source', x'c0000200', 24, NULL, NULL, NULL, 'scans', 1000000),
  (4, 'two', 'block port', 12, 7,
   'port', NULL, NULL, 'udp', 53, 54, '', 2000000);
PRAGMA user_version = 1;
PRAGMA application_id = 0x66776167;
)sql";

TEST_F(SchemaTest, WhatTheFirstVersionWroteIsKept) {
  SetContent("");
  Execute(kVersion1);
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const auto state = (*store)->Load();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->generation, 12u);
  EXPECT_EQ(state->next_rule_id, 34u);
  ASSERT_EQ(state->rules.size(), 2u);
  EXPECT_EQ(policy::MatchToString(state->rules[0].match),
            "source 192.0.2.0/24");
  EXPECT_EQ(state->rules[0].comment, "scans");
  for (const auto& [id, rule] :
       {std::pair("one", state->rules[0]), std::pair("two", state->rules[1])}) {
    const auto request = (*store)->FindRequest(id);
    ASSERT_TRUE(request.ok()) << request.status();
    ASSERT_TRUE(request->has_value()) << id;
    EXPECT_EQ((*request)->rules, std::vector<policy::Rule>{rule});
  }
  EXPECT_EQ((*(*store)->FindRequest("two"))->generation, 12u);
}

// The same of version 3, with checksums; the sums are left to the test.
constexpr char kVersion3[] = R"sql(
CREATE TABLE meta (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  generation INTEGER NOT NULL,
  next_rule_id INTEGER NOT NULL CHECK (next_rule_id > 0),
  rules_total INTEGER NOT NULL DEFAULT 0, checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE rule (
  id INTEGER PRIMARY KEY CHECK (id > 0),
  kind TEXT NOT NULL, address BLOB, length INTEGER, protocol TEXT,
  first_port INTEGER, last_port INTEGER, comment TEXT NOT NULL,
  created_us INTEGER NOT NULL, checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE request_rule (
  seq INTEGER NOT NULL, position INTEGER NOT NULL, rule_id INTEGER NOT NULL,
  kind TEXT NOT NULL, address BLOB, length INTEGER, protocol TEXT,
  first_port INTEGER, last_port INTEGER, comment TEXT NOT NULL,
  created_us INTEGER NOT NULL, checksum INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE request (
  seq INTEGER PRIMARY KEY, request_id TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL, generation INTEGER NOT NULL,
  rules_total INTEGER NOT NULL DEFAULT 0, checksum INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO meta (only, generation, next_rule_id) VALUES (1, 12, 34);
INSERT INTO rule VALUES
  (5, 'source', x'c0000200', 24, NULL, NULL, NULL, 'scans', 1000000, 0),
  (7, 'port', NULL, NULL, 'udp', 53, 54, '', 2000000, 0);
INSERT INTO request (seq, request_id, fingerprint, generation) VALUES
  (3, 'both', 'block', 12), (4, 'none', 'nothing', 12);
INSERT INTO request_rule SELECT 3, id - 5, * FROM rule;
UPDATE rule SET checksum = fw_checksum(id, kind, address, length, protocol,
  first_port, last_port, comment, created_us);
UPDATE request_rule SET checksum = fw_checksum(seq, position, rule_id, kind,
  address, length, protocol, first_port, last_port, comment, created_us);
UPDATE meta SET rules_total = (SELECT sum(checksum) FROM rule);
UPDATE meta SET checksum = fw_checksum(generation, next_rule_id, rules_total);
UPDATE request SET rules_total = (SELECT coalesce(sum(r.checksum), 0)
  FROM request_rule AS r WHERE r.seq = request.seq);
UPDATE request SET checksum = fw_checksum(seq, request_id, fingerprint,
  generation, rules_total);
PRAGMA user_version = 3;
PRAGMA application_id = 0x66776167;
)sql";

TEST_F(SchemaTest, WhatTheThirdVersionWroteIsKeptAndDoesNotEnd) {
  SetContent("");
  Execute(kVersion3);
  for (int start = 0; start < 2; ++start) {
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    const auto state = (*store)->Load();
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->generation, 12u);
    EXPECT_EQ(state->boot_id, "");
    ASSERT_EQ(state->rules.size(), 2u);
    EXPECT_FALSE(policy::Ends(state->rules[0]));
    EXPECT_EQ(state->rules[0].owner, policy::kDefaultOwner);
    EXPECT_EQ(state->rules[1].action, policy::Action::kBlock);
    EXPECT_EQ((*(*store)->FindRequest("both"))->rules, state->rules);
    EXPECT_TRUE((*(*store)->FindRequest("none"))->rules.empty());
  }
}

// What this version writes, as the sixth would have: without actions and
// owners.
constexpr char kBackToVersion6[] = R"sql(
UPDATE rule SET checksum = fw_checksum(id, kind, address, length, protocol,
  first_port, last_port, comment, created_us, expires_us, until_tick);
UPDATE named_set SET checksum = fw_checksum(id, name, action, comment,
  created_us, chunks_total);
UPDATE meta SET rules_total = (SELECT sum(checksum) FROM
  (SELECT checksum FROM rule UNION ALL SELECT checksum FROM named_set));
UPDATE meta SET checksum = fw_checksum(generation, next_rule_id, rules_total,
  boot_id);
UPDATE request_rule SET checksum = fw_checksum(seq, position, rule_id, kind,
  address, length, protocol, first_port, last_port, comment, created_us,
  expires_us, until_tick);
UPDATE request_set SET checksum = fw_checksum(seq, position, id, name, action,
  comment, created_us, size, added, removed);
UPDATE request SET rules_total = (SELECT sum(r.checksum) FROM
  (SELECT seq, checksum FROM request_rule
   UNION ALL SELECT seq, checksum FROM request_set) AS r
  WHERE r.seq = request.seq);
UPDATE request SET checksum = fw_checksum(seq, request_id, fingerprint,
  generation, rules_total);
UPDATE history_rule SET checksum = fw_checksum(generation, position, rule_id,
  kind, address, length, protocol, first_port, last_port, comment, created_us,
  expires_us, until_tick);
UPDATE history_set SET checksum = fw_checksum(generation, position, set_id,
  drops, replaces, id, name, action, comment, created_us);
UPDATE history SET parts_total = (SELECT sum(r.checksum) FROM
  (SELECT generation, checksum FROM history_rule
   UNION ALL SELECT generation, checksum FROM history_set) AS r
  WHERE r.generation = history.generation);
UPDATE history SET checksum = fw_checksum(generation, etag, at_us, origin,
  summary, boot_id, removed, parts_total);
DROP TABLE unconfirmed;
DROP TABLE unconfirmed_rule;
DROP TABLE unconfirmed_set;
DROP TABLE unconfirmed_entries;
DROP INDEX set_by_new_action;
DROP INDEX rule_in_order;
DROP TABLE entry_clock;
ALTER TABLE named_set DROP COLUMN default_ttl_us;
ALTER TABLE request_set DROP COLUMN default_ttl_us;
ALTER TABLE request_set DROP COLUMN changed;
ALTER TABLE history_set DROP COLUMN default_ttl_us;
ALTER TABLE rule DROP COLUMN action;
ALTER TABLE rule DROP COLUMN owner;
ALTER TABLE request_rule DROP COLUMN action;
ALTER TABLE request_rule DROP COLUMN owner;
ALTER TABLE history_rule DROP COLUMN action;
ALTER TABLE history_rule DROP COLUMN owner;
ALTER TABLE named_set DROP COLUMN owner;
ALTER TABLE request_set DROP COLUMN owner;
ALTER TABLE history_set DROP COLUMN owner;
PRAGMA user_version = 6;
)sql";

TEST_F(SchemaTest, WhatTheSixthVersionWroteIsOfTheShellAndBlocks) {
  const policy::Rule stays{.id = 1,
                           .match = *policy::Prefix::Parse("10.0.0.1")};
  policy::Rule gone{.id = 2, .match = *policy::Prefix::Parse("10.0.0.2")};
  gone.until = 77;
  gone.expire_time = absl::FromUnixSeconds(5);
  const policy::SetInfo set{
      .id = 3, .name = "drop", .create_time = absl::FromUnixSeconds(1)};
  {
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    Delta delta{.generation = 1, .next_rule_id = 5};
    delta.add = {stays};
    delta.sets = {{.id = 3, .create = set}};
    delta.remember = {.request_id = "one",
                      .fingerprint = "text",
                      .rules = {stays},
                      .sets = {{.info = set, .size = 7}},
                      .generation = 1};
    delta.history = UndoableEntry{.entry = {.generation = 1}};
    delta.history->undo.add = {gone};
    delta.history->undo.sets = {{.id = 3, .drop = true},
                                {.id = 3, .create = set}};
    ASSERT_TRUE((*store)->Commit(delta).ok());
  }
  Execute(kBackToVersion6);
  for (int start = 0; start < 2; ++start) {
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    const auto state = (*store)->Load();
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->rules, std::vector<policy::Rule>{stays});
    ASSERT_EQ(state->sets.size(), 1u);
    EXPECT_EQ(state->sets.at("drop")->info, set);
    const auto answer = (*store)->FindRequest("one");
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ((*answer)->rules, state->rules);
    EXPECT_EQ((*answer)->sets.at(0).info, set);
    const auto undo = (*store)->ReadUndo(1);
    ASSERT_TRUE(undo.ok()) << undo.status();
    EXPECT_EQ(undo->undo.add, std::vector<policy::Rule>{gone});
    ASSERT_EQ(undo->undo.sets.size(), 2u);
    EXPECT_EQ(undo->undo.sets[1].create, set);
  }
}

// Version 7 knew of no confirmations.
TEST_F(SchemaTest, WhatTheSeventhVersionWroteWaitsForNothing) {
  MakeStore();
  Execute(
      "DROP TABLE unconfirmed; DROP TABLE unconfirmed_rule;"
      "DROP TABLE unconfirmed_set; DROP TABLE unconfirmed_entries;"
      "DROP INDEX set_by_new_action; DROP INDEX rule_in_order;"
      "DROP TABLE entry_clock;"
      "ALTER TABLE named_set DROP COLUMN default_ttl_us;"
      "ALTER TABLE request_set DROP COLUMN default_ttl_us;"
      "ALTER TABLE request_set DROP COLUMN changed;"
      "ALTER TABLE history_set DROP COLUMN default_ttl_us;"
      "PRAGMA user_version = 7");
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status();
  const auto state = (*store)->Load();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->rules.size(), 2000u);
  EXPECT_EQ(state->unconfirmed, std::nullopt);
  Delta delta{.generation = 2, .next_rule_id = 2001};
  delta.unconfirmed.emplace().what.generation = 2;
  ASSERT_TRUE((*store)->Commit(delta).ok());
  EXPECT_EQ((*store)->Load()->unconfirmed, delta.unconfirmed->what);
}

// What this version writes, as the ninth would have: sets without default TTLs.
constexpr char kBackToVersion9[] = R"sql(
CREATE TABLE growth (seq INTEGER PRIMARY KEY, sum INTEGER NOT NULL) STRICT;
INSERT INTO growth SELECT 0, -(SELECT sum(checksum) FROM named_set)
  - (SELECT sum(checksum) FROM unconfirmed);
UPDATE named_set SET checksum = fw_checksum(id, name, action, comment,
  created_us, owner, chunks_total);
UPDATE unconfirmed_set SET checksum = fw_checksum(generation, position, set_id,
  drops, replaces, id, name, action, comment, created_us, owner);
UPDATE unconfirmed SET before_total =
  (SELECT sum(checksum) FROM unconfirmed_set) +
  (SELECT sum(checksum) FROM unconfirmed_entries);
UPDATE unconfirmed SET checksum = fw_checksum(generation, at_us, origin,
  until_tick, confirm_by_us, boot_id, before_total, after_total);
UPDATE growth SET sum = sum + (SELECT sum(checksum) FROM named_set)
  + (SELECT sum(checksum) FROM unconfirmed);
UPDATE meta SET rules_total = rules_total + (SELECT sum FROM growth);
UPDATE meta SET checksum = fw_checksum(generation, next_rule_id, rules_total,
  boot_id);
UPDATE history_set SET checksum = fw_checksum(generation, position, set_id,
  drops, replaces, id, name, action, comment, created_us, owner);
UPDATE history SET parts_total = (SELECT sum(checksum) FROM history_set);
UPDATE history SET checksum = fw_checksum(generation, etag, at_us, origin,
  summary, boot_id, removed, parts_total);
UPDATE request_set SET checksum = fw_checksum(seq, position, id, name, action,
  comment, created_us, owner, size, added, removed);
UPDATE request SET rules_total = (SELECT sum(checksum) FROM request_set);
UPDATE request SET checksum = fw_checksum(seq, request_id, fingerprint,
  generation, rules_total);
DROP TABLE growth;
DROP INDEX set_by_new_action;
DROP TABLE entry_clock;
ALTER TABLE named_set DROP COLUMN default_ttl_us;
ALTER TABLE request_set DROP COLUMN default_ttl_us;
ALTER TABLE request_set DROP COLUMN changed;
ALTER TABLE history_set DROP COLUMN default_ttl_us;
ALTER TABLE unconfirmed_set DROP COLUMN default_ttl_us;
PRAGMA user_version = 9;
)sql";

class VersionNineTest : public SchemaTest {
 protected:
  // A set, a change of it that waits, and an answer about it.
  void MakeFile() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      (void)std::remove((File() + suffix).c_str());
    }
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    Delta delta{.generation = 1, .next_rule_id = 5};
    delta.sets = {{.id = 3, .create = set_}};
    delta.sets[0].difference.after = {entry_};
    delta.remember = {.request_id = "one",
                      .fingerprint = "text",
                      .rules = {},
                      .sets = {{.info = set_, .size = 7}},
                      .generation = 1};
    delta.history = UndoableEntry{.entry = {.generation = 1}};
    delta.history->undo.sets = {{.id = 3, .create = set_}};
    delta.unconfirmed.emplace().what.generation = 1;
    delta.unconfirmed->back.sets = {{.id = 3, .drop = true},
                                    {.id = 4, .create = set_}};
    delta.unconfirmed->back.sets[1].difference.after = {entry_};
    ASSERT_TRUE((*store)->Commit(delta).ok());
  }

  const policy::SetInfo set_{
      .id = 3, .name = "drop", .create_time = absl::FromUnixSeconds(1)};
  const policy::SetEntry entry_{*policy::Prefix::Parse("192.0.2.0/24")};
};

TEST_F(VersionNineTest, ItsSetsHaveNoDefaultAndItsEntriesDoNotEnd) {
  MakeFile();
  Execute(kBackToVersion9);
  for (int start = 0; start < 2; ++start) {
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    const auto state = (*store)->Load();
    ASSERT_TRUE(state.ok()) << state.status();
    ASSERT_EQ(state->sets.size(), 1u);
    EXPECT_EQ(state->sets.at("drop")->info, set_);
    EXPECT_EQ(state->sets.at("drop")->entries.size(), 1u);
    EXPECT_FALSE(state->sets.at("drop")->entries.HaveEnds());
    ASSERT_TRUE(state->unconfirmed.has_value());
    const auto back = (*store)->ReadTakeBack();
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->sets.at(1).create, set_);
    EXPECT_EQ(back->sets.at(1).difference.after.at(0), entry_);
    EXPECT_EQ((*store)->ReadUndo(1)->undo.sets.at(0).create, set_);
    EXPECT_EQ((*(*store)->FindRequest("one"))->sets.at(0).info, set_);
  }
}

TEST_F(VersionNineTest, ItsDamageIsStillDamage) {
  for (const std::string damage :
       {"UPDATE named_set SET comment = 'other'",
        "UPDATE unconfirmed_set SET name = 'other' WHERE position = 1",
        "DELETE FROM unconfirmed_set WHERE position = 1",
        "UPDATE unconfirmed SET before_total = before_total + 1",
        "DELETE FROM unconfirmed", "UPDATE unconfirmed SET generation = 7"}) {
    MakeFile();
    Execute(kBackToVersion9);
    Execute(damage);
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ((*store)->Load().status().code(), absl::StatusCode::kDataLoss)
        << damage;
  }
}

// An upgrade must not give what was damaged a checksum that is right.
TEST_F(SchemaTest, DamageIsStillDamageAfterAnUpgrade) {
  for (const std::string damage :
       {"UPDATE rule SET comment = 'other' WHERE id = 5",
        "UPDATE rule SET checksum = checksum + 1 WHERE id = 5",
        "DELETE FROM rule WHERE id = 7", "UPDATE meta SET generation = 11",
        "UPDATE meta SET rules_total = rules_total + 1"}) {
    SetContent("");
    Execute(kVersion3);
    Execute(damage);
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ((*store)->Load().status().code(), absl::StatusCode::kDataLoss)
        << damage;
  }
  for (const std::string damage :
       {"UPDATE request_rule SET comment = 'other' WHERE rule_id = 5",
        "DELETE FROM request_rule WHERE rule_id = 5",
        "UPDATE request SET fingerprint = 'other'",
        "UPDATE request SET rules_total = rules_total + 1"}) {
    SetContent("");
    Execute(kVersion3);
    Execute(damage);
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ((*store)->FindRequest("both").status().code(),
              absl::StatusCode::kDataLoss)
        << damage;
    EXPECT_TRUE((*store)->Load().ok()) << "the rules are not touched by it";
  }
}

// A crash left changes in the log that are not in the file yet.
TEST_F(SchemaTest, TheLogOfARefusedFileIsKeptToo) {
  MakeStore();
  std::string file;
  std::string log;
  {
    auto database = SqliteDatabase::Open(File());
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE(database->AllowWrites().ok());
    ASSERT_TRUE(database->Execute("PRAGMA user_version = 99").ok());
    file = Content();
    log = Content("-wal");
    EXPECT_FALSE(log.empty());
  }
  SetContent(file);
  SetContent(log, "-wal");
  EXPECT_EQ(Refused().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Content("-wal") == log);
}

TEST_F(SchemaTest, AnotherProgramsDatabaseIsRefused) {
  for (const std::string sql :
       {"CREATE TABLE mail (subject TEXT)",
        "CREATE TABLE rule (id INTEGER PRIMARY KEY); PRAGMA user_version = 1",
        "PRAGMA application_id = 1",
        "PRAGMA journal_mode = WAL; CREATE TABLE t "
        "(x)"}) {
    SetContent("");
    Execute(sql);
    const absl::Status status = Refused();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << sql;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("database of another program"))
        << sql;
  }
}

TEST_F(SchemaTest, AFileThatIsNoDatabaseIsRefused) {
  SetContent("# This is a text file.\n" + std::string(5000, 'x'));
  EXPECT_EQ(Refused().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SchemaTest, AFormatThatSqliteDoesNotKnowIsDamage) {
  MakeStore();
  std::string content = Content();
  constexpr std::size_t kSchemaFormat = 47;  // in SQLite's header
  content[kSchemaFormat] = 0x14;
  SetContent(content);
  EXPECT_EQ(Refused().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SchemaTest, TablesOfAnotherVersionThanStandsThereAreDamage) {
  MakeStore();
  const std::int64_t version = Version();
  for (std::int64_t other = 1; other < version; ++other) {
    // A version that only has other words in the same tables is no other.
    if (*Migrations()[static_cast<std::size_t>(other)] == '\0') continue;
    Execute(absl::StrCat("PRAGMA user_version = ", other));
    const absl::Status status = Opened();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss)
        << other << ": " << status;
  }
}

TEST_F(SchemaTest, ATruncatedFileIsRefused) {
  MakeStore();
  const std::string whole = Content();
  for (const std::size_t size :
       {whole.size() - 4096, whole.size() - 5000, whole.size() / 2,
        std::size_t{4096}, std::size_t{100}, std::size_t{16}}) {
    SetContent(whole.substr(0, size));
    const absl::Status status = Refused();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss)
        << size << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("is damaged"));
  }
  SetContent(whole);
  EXPECT_TRUE(Opened().ok());
}

TEST_F(SchemaTest, AFlippedHeaderIsNeverTrusted) {
  MakeStore();
  const std::string whole = Content();
  // The fields that say what the file is: magic, page size and format; counts
  // of changes and of free pages do not matter to us.
  int refused = 0;
  for (std::size_t at = 0; at < 24; ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(~flipped[at]);
    SetContent(flipped);
    if (Opened().ok()) continue;
    SetContent(flipped);
    EXPECT_NE(Refused().code(), absl::StatusCode::kInternal) << at;
    ++refused;
  }
  EXPECT_GE(refused, 20);
  SetContent(whole);
  EXPECT_TRUE(Opened().ok());
}

TEST_F(SchemaTest, ADamagedTreeIsRefused) {
  MakeStore();
  const std::string whole = Content();
  // The start of each page says what the page is.
  for (std::size_t page = 4096; page < whole.size(); page += 4096) {
    std::string flipped = whole;
    for (std::size_t at = page; at < page + 8; ++at) {
      flipped[at] = static_cast<char>(~flipped[at]);
    }
    SetContent(flipped);
    EXPECT_EQ(Refused().code(), absl::StatusCode::kDataLoss) << page;
  }
}

}  // namespace
}  // namespace fwagent::store
