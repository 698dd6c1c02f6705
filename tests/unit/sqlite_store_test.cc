// What only the store with a disk can do: survive, trim, and refuse a file that
// it cannot trust.
#include "agent/store/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/store/sqlite_database.h"
#include "agent/util/errno_status.h"
#include "tests/support/temp_dir.h"

namespace fwagent::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

policy::Rule HostRule(policy::RuleId id) {
  const std::string address =
      absl::StrCat("10.", id >> 16 & 255, ".", id >> 8 & 255, ".", id & 255);
  return {.id = id,
          .match = *policy::Prefix::Parse(address),
          .comment = "",
          .create_time = absl::UnixEpoch()};
}

Delta AddHost(policy::RuleId id) {
  return {
      .add = {HostRule(id)},
      .remove = {},
      .generation = id,
      .next_rule_id = id + 1,
      .remember = AnsweredRequest{.request_id = absl::StrCat("request-", id),
                                  .fingerprint = "",
                                  .rules = {HostRule(id)},
                                  .generation = id},
      .forget_request_id = {}};
}

class SqliteStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteStore> OpenStore(const std::string& directory) {
    auto store = SqliteStore::Open(directory);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  // Runs SQL on the file of a store that is closed.
  void Tamper(const std::string& sql) {
    auto database = SqliteDatabase::Open(File());
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status status = database->Execute(sql);
    ASSERT_TRUE(status.ok()) << status;
  }

  // With the checksums that its rows would have had.
  void RenumberThirdRequest(std::int64_t seq) {
    Tamper(absl::StrCat(
        "UPDATE request_rule SET seq = ", seq, " WHERE seq = 3;",
        "UPDATE request_rule SET checksum = fw_checksum(seq, position, "
        "rule_id, kind, address, length, protocol, first_port, last_port, "
        "comment, created_us, expires_us, until_tick, action, owner);",
        "UPDATE request SET seq = ", seq,
        ", rules_total = (SELECT checksum "
        "FROM request_rule WHERE seq = ",
        seq, ") WHERE seq = 3;",
        "UPDATE request SET checksum = fw_checksum(seq, request_id, "
        "fingerprint, generation, rules_total)"));
  }

  void MakeStoreWithRules(policy::RuleId count) {
    const auto store = OpenStore(dir_.path());
    for (policy::RuleId id = 1; id <= count; ++id) {
      ASSERT_TRUE(store->Commit(AddHost(id)).ok());
    }
  }

  absl::Status LoadStatus() { return OpenStore(dir_.path())->Load().status(); }

  std::string File() const { return dir_ / "fwagent.db"; }

  testing::TempDir dir_;
};

TEST_F(SqliteStoreTest, WhatWasCommittedIsThereAfterACrash) {
  const auto store = OpenStore(dir_.path());
  ASSERT_TRUE(store->Commit(AddHost(1)).ok());
  ASSERT_TRUE(store->Commit(AddHost(2)).ok());
  // The files as a crash at this moment would leave them.
  const testing::TempDir after;
  std::filesystem::copy(dir_.path(), after.path(),
                        std::filesystem::copy_options::recursive);
  const auto state = OpenStore(after.path())->Load();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_THAT(state->rules, SizeIs(2));
  EXPECT_EQ(state->generation, 2u);
}

TEST_F(SqliteStoreTest, FilesAreReadableByTheirOwnerAlone) {
  const auto store = OpenStore(dir_ / "a/b/state");
  ASSERT_TRUE(store->Commit(AddHost(1)).ok());
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(dir_ / "a/b/state").permissions(),
            perms::owner_all);
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(dir_ / "a/b/state")) {
    EXPECT_EQ(entry.status().permissions(),
              perms::owner_read | perms::owner_write)
        << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 4) << "lock, file, log and the index of the log";
}

TEST_F(SqliteStoreTest, OneAgentAtATime) {
  auto store = OpenStore(dir_.path());
  const auto second = SqliteStore::Open(dir_.path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("in use by another fwagent"));
  store.reset();
  EXPECT_TRUE(SqliteStore::Open(dir_.path()).ok());
}

TEST_F(SqliteStoreTest, OldestRequestsAreForgotten) {
  {
    const auto store = OpenStore(dir_.path());
    for (const policy::RuleId id : {1u, 2u, 3u}) {
      ASSERT_TRUE(store->Commit(AddHost(id)).ok());
    }
  }
  // As if as many had come after the third as are kept, less one.
  RenumberThirdRequest(Store::kRequestsKept + 1);
  const auto store = OpenStore(dir_.path());
  ASSERT_TRUE(store->Commit(AddHost(4)).ok());
  EXPECT_FALSE((*store->FindRequest("request-1")).has_value());
  EXPECT_FALSE((*store->FindRequest("request-2")).has_value());
  EXPECT_TRUE((*store->FindRequest("request-3")).has_value());
  EXPECT_TRUE((*store->FindRequest("request-4")).has_value());
  EXPECT_THAT(store->Load()->rules, SizeIs(4)) << "the rules stay";
}

TEST_F(SqliteStoreTest, NoMoreRequestsAreForgottenThanNeeded) {
  {
    const auto store = OpenStore(dir_.path());
    for (const policy::RuleId id : {1u, 2u, 3u}) {
      ASSERT_TRUE(store->Commit(AddHost(id)).ok());
    }
  }
  RenumberThirdRequest(Store::kRequestsKept);
  const auto store = OpenStore(dir_.path());
  ASSERT_TRUE(store->Commit(AddHost(4)).ok());
  EXPECT_FALSE((*store->FindRequest("request-1")).has_value());
  EXPECT_TRUE((*store->FindRequest("request-2")).has_value());
}

struct BadRow {
  const char* sql;
  const char* because;
};

TEST_F(SqliteStoreTest, ARowThatIsNoRuleIsNamed) {
  MakeStoreWithRules(3);
  const BadRow rows[] = {
      {"kind = 'target'", "unknown kind of rule"},
      {"kind = 'port'", "unknown protocol"},
      {"length = 33", "not 33"},
      {"length = -1", "not 4294967295"},
      {"length = 4294967320", "not 4294967295"},  // 24 + 2^32
      {"length = 8", "host bits are set"},
      {"length = NULL", "host bits are set"},
      {"address = x'0a0000'", "not 3"},
      {"address = NULL", "not 0"},
      {"address = x'00000000000000000000ffffc0000201', length = 128", "IPv4"},
      {"comment = 'a' || char(10)", "control character"},
      {"kind = 'port', protocol = 'icmp', first_port = 1, last_port = 1",
       "unknown protocol"},
      {"kind = 'port', protocol = 'tcp', first_port = 2, last_port = 1",
       "runs backwards"},
      {"kind = 'port', protocol = 'tcp', first_port = 0, last_port = 1",
       "not 0"},
      {"kind = 'port', protocol = 'tcp', first_port = 1, last_port = NULL",
       "not 0"},
      {"expires_us = 1", "half an end"},
      {"until_tick = 1", "half an end"},
      {"expires_us = 1, until_tick = -1", "impossible end"},
      {"expires_us = 1, until_tick = 4294967295", "impossible end"},
      {"action = 'keep'", "unknown action"},
      {"owner = 'no one'", "an owner has"},
      {"kind = 'port', protocol = 'tcp', first_port = 1, last_port = 1, "
       "action = 'allow'",
       "an action that does not go with its match"},
  };
  for (const BadRow& row : rows) {
    Tamper("CREATE TABLE keep AS SELECT * FROM rule");
    Tamper(absl::StrCat("UPDATE rule SET ", row.sql, " WHERE id = 2"));
    const absl::Status status = LoadStatus();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << row.sql;
    EXPECT_THAT(
        std::string(status.message()),
        AllOf(HasSubstr(File()), HasSubstr("rule 2: "), HasSubstr(row.because)))
        << row.sql;
    Tamper(
        "DELETE FROM rule; INSERT INTO rule SELECT * FROM keep; DROP TABLE "
        "keep;");
  }
  EXPECT_TRUE(LoadStatus().ok()) << "the twin: nothing is wrong any more";
}

TEST_F(SqliteStoreTest, AnAnswerThatCannotBeReadIsNamed) {
  MakeStoreWithRules(2);
  Tamper("UPDATE request_rule SET length = 99 WHERE seq = 1");
  const auto store = OpenStore(dir_.path());
  const auto bad = store->FindRequest("request-1");
  EXPECT_EQ(bad.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(bad.status().message()),
              HasSubstr("request \"request-1\""));
  EXPECT_TRUE(store->FindRequest("request-2").ok());
  EXPECT_TRUE(store->Load().ok()) << "the rules are not touched by it";
}

TEST_F(SqliteStoreTest, AnIdThatWouldBeGivenTwiceIsDamage) {
  MakeStoreWithRules(3);
  const auto tamper = [this](const std::string& id) {
    Tamper(absl::StrCat("UPDATE meta SET next_rule_id = ", id,
                        ", checksum = fw_checksum(generation, ", id,
                        ", rules_total, boot_id)"));
  };
  tamper("3");
  const absl::Status status = LoadStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("past the next id"));
  EXPECT_EQ(util::ReasonOf(status), "STORE_DAMAGED");
  tamper("4");
  EXPECT_TRUE(LoadStatus().ok());
}

TEST_F(SqliteStoreTest, RulesWithoutAGenerationAreDamage) {
  MakeStoreWithRules(1);
  Tamper("DELETE FROM meta");
  EXPECT_EQ(LoadStatus().code(), absl::StatusCode::kDataLoss);
}

// Rows that could be a rule's, but are not what was committed.
TEST_F(SqliteStoreTest, ARuleThatIsNotAsItWasWrittenIsDamage) {
  MakeStoreWithRules(3);
  const BadRow rows[] = {
      {"UPDATE rule SET address = x'0a000007' WHERE id = 2", "rule 2: it is"},
      {"UPDATE rule SET comment = 'b' WHERE id = 2", "rule 2: it is"},
      {"UPDATE rule SET created_us = 1 WHERE id = 2", "rule 2: it is"},
      {"UPDATE rule SET expires_us = 1, until_tick = 1 WHERE id = 2",
       "rule 2: it is"},
      {"UPDATE rule SET id = 7 WHERE id = 2", "rule 7: it is"},
      {"UPDATE rule SET checksum = checksum + 1 WHERE id = 2", "rule 2: it is"},
      {"DELETE FROM rule WHERE id = 3", "rules are missing"},
      {"DELETE FROM rule", "rules are missing"},
      {"UPDATE meta SET generation = 2", "the generation is not"},
      {"UPDATE meta SET next_rule_id = 5", "the generation is not"},
      {"UPDATE meta SET rules_total = 0", "the generation is not"},
      {"UPDATE meta SET boot_id = 'other'", "the generation is not"},
  };
  for (const BadRow& row : rows) {
    Tamper(
        "CREATE TABLE keep AS SELECT * FROM rule;"
        "CREATE TABLE keep_meta AS SELECT * FROM meta");
    Tamper(row.sql);
    const absl::Status status = LoadStatus();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << row.sql;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.because));
    Tamper(
        "DELETE FROM rule; INSERT INTO rule SELECT * FROM keep;"
        "DELETE FROM meta; INSERT INTO meta SELECT * FROM keep_meta;"
        "DROP TABLE keep; DROP TABLE keep_meta");
  }
  EXPECT_TRUE(LoadStatus().ok()) << "the twin: nothing is wrong any more";
}

TEST_F(SqliteStoreTest, AnAnswerThatIsNotAsItWasWrittenIsDamage) {
  MakeStoreWithRules(6);
  Tamper("UPDATE request SET fingerprint = 'other' WHERE seq = 1");
  Tamper("UPDATE request SET generation = 9 WHERE seq = 2");
  Tamper("UPDATE request_rule SET comment = 'other' WHERE seq = 3");
  Tamper("DELETE FROM request_rule WHERE seq = 4");
  Tamper("UPDATE request_rule SET seq = 6, position = 1 WHERE seq = 5");
  const auto store = OpenStore(dir_.path());
  for (const int id : {1, 2, 3, 4, 5, 6}) {
    EXPECT_EQ(store->FindRequest(absl::StrCat("request-", id)).status().code(),
              absl::StatusCode::kDataLoss)
        << id;
  }
  EXPECT_TRUE(store->Load().ok()) << "the rules are not touched by it";
}

// Each damage is found, and names what it is about.
TEST_F(SqliteStoreTest, DamagedSetsAndHistoryAreNamed) {
  const struct {
    std::string sql;
    std::string because;
  } rows[] = {
      {"UPDATE set_chunk SET entries = x'34c000020120' WHERE set_id = 2",
       "set 2: entries are not as they were written"},
      {"DELETE FROM set_chunk WHERE set_id = 2", "set 2: entries are missing"},
      {"UPDATE named_set SET action = 'allow'", "set 2 is not as it was"},
      {"UPDATE named_set SET name = 'other'", "set 2 is not as it was"},
      {"DELETE FROM named_set", "rules are missing, or too many"},
      {"UPDATE history SET summary = 'nothing'", "generation 1 in the history"},
      {"DELETE FROM history_set", "back from generation 1"},
      {"UPDATE history_entries SET list = 'after'", "back from generation 1"},
      {"DELETE FROM history_entries", "back from generation 1"},
  };
  for (const auto& row : rows) {
    const testing::TempDir dir;
    {
      const auto store = OpenStore(dir.path());
      policy::SetEntries::Builder builder;
      builder.Add({*policy::Prefix::Parse("10.0.0.0/8")});
      const auto entries =
          std::make_shared<policy::SetEntries>(std::move(builder).Build());
      Delta delta{.generation = 1, .next_rule_id = 3};
      delta.sets = {{.id = 2,
                     .create = policy::SetInfo{.id = 2, .name = "list"},
                     .content = entries}};
      delta.history = UndoableEntry{.entry = {.generation = 1}};
      delta.history->undo.sets = {{.id = 2, .content = entries}};
      ASSERT_TRUE(store->Commit(delta).ok());
    }
    {
      auto database = SqliteDatabase::Open(dir / "fwagent.db");
      ASSERT_TRUE(database.ok() && database->Execute(row.sql).ok()) << row.sql;
    }
    const auto store = OpenStore(dir.path());
    absl::Status status = store->Load().status();
    if (status.ok()) status = store->ReadUndo(1).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << row.sql << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.because))
        << row.sql;
  }
}

// It is found at the start, and not only when the way back is needed.
TEST_F(SqliteStoreTest, ADamagedWayBackOfWhatWaitsIsNamed) {
  const struct {
    std::string sql;
    std::string because;
  } rows[] = {
      {"UPDATE unconfirmed SET generation = 2",
       "what waits for a confirmation"},
      {"UPDATE unconfirmed SET until_tick = 9",
       "what waits for a confirmation"},
      {"UPDATE unconfirmed SET boot_id = 'b'", "what waits for a confirmation"},
      {"UPDATE unconfirmed SET after_total = 0",
       "what waits for a confirmation"},
      {"DELETE FROM unconfirmed", "rules are missing, or too many"},
      {"UPDATE unconfirmed_rule SET comment = 'b' WHERE generation = 0",
       "back from an unconfirmed change"},
      {"DELETE FROM unconfirmed_rule WHERE generation = 1",
       "back from an unconfirmed change"},
      {"DELETE FROM unconfirmed_set", "back from an unconfirmed change"},
      {"UPDATE unconfirmed_entries SET list = 'after'",
       "back from an unconfirmed change"},
      {"DELETE FROM unconfirmed_entries", "back from an unconfirmed change"},
  };
  for (const auto& row : rows) {
    const testing::TempDir dir;
    {
      const auto store = OpenStore(dir.path());
      Delta delta{.generation = 1, .next_rule_id = 3};
      delta.unconfirmed.emplace();
      delta.unconfirmed->what.generation = 1;
      delta.unconfirmed->back.before = {HostRule(1)};
      delta.unconfirmed->back.after = {HostRule(2)};
      delta.unconfirmed->back.sets = {
          {.id = 2,
           .difference = {{{*policy::Prefix::Parse("10.0.0.0/8")}}, {}}}};
      ASSERT_TRUE(store->Commit(delta).ok());
      ASSERT_TRUE(store->Load().ok());
    }
    {
      auto database = SqliteDatabase::Open(dir / "fwagent.db");
      ASSERT_TRUE(database.ok() && database->Execute(row.sql).ok()) << row.sql;
    }
    const absl::Status status = OpenStore(dir.path())->Load().status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << row.sql << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.because))
        << row.sql;
  }
}

TEST_F(SqliteStoreTest, ManyRulesAreOneCommit) {
  constexpr policy::RuleId kRules = 100'000;
  Delta delta{.generation = 1, .next_rule_id = kRules + 1};
  for (policy::RuleId id = 1; id <= kRules; ++id) {
    delta.add.push_back(HostRule(id));
  }
  ASSERT_TRUE(OpenStore(dir_.path())->Commit(delta).ok());
  const auto state = OpenStore(dir_.path())->Load();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->rules, delta.add);
}

}  // namespace
}  // namespace fwagent::store
