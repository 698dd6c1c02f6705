// Sets and history, of the store with a disk and of the fake that stands for
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/store.h"
#include "tests/support/memory_store.h"
#include "tests/support/temp_dir.h"

namespace fwagent::store {
namespace {

using policy::Prefix;
using policy::SetDifference;
using policy::SetEntries;
using policy::SetEntry;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Prefix P(const std::string& text) { return *Prefix::Parse(text); }

class StoreSets : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { Restart(); }

  void Restart() {
    if (!GetParam()) return;
    disk_.reset();
    auto opened = SqliteStore::Open(dir_ / "state");
    ASSERT_TRUE(opened.ok()) << opened.status();
    disk_ = *std::move(opened);
  }

  Store& store() {
    if (disk_ != nullptr) return *disk_;
    return memory_;
  }

  absl::Status Commit(std::vector<SetDelta> sets) {
    Delta delta;
    delta.sets = std::move(sets);
    delta.generation = ++generation_;
    delta.next_rule_id = 100;
    return store().Commit(delta);
  }

  policy::SetTable Loaded() {
    auto state = store().Load();
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() ? state->sets : policy::SetTable();
  }

  testing::TempDir dir_;
  testing::MemoryStore memory_;
  std::unique_ptr<SqliteStore> disk_;
  std::uint64_t generation_ = 0;
};

policy::SetInfo Info(policy::RuleId id, const std::string& name) {
  return {.id = id,
          .name = name,
          .action = id % 2 == 0 ? policy::SetAction::kAllow
                                : policy::SetAction::kBlock,
          .comment = "of " + name,
          .create_time = absl::FromUnixMicros(1'700'000'000'123'456)};
}

std::shared_ptr<const SetEntries> Content(
    const std::vector<std::string>& prefixes) {
  SetEntries::Builder builder;
  for (const std::string& prefix : prefixes) builder.Add({P(prefix)});
  return std::make_shared<SetEntries>(std::move(builder).Build());
}

TEST_P(StoreSets, AreCreatedFilledReplacedAndDropped) {
  ASSERT_TRUE(Commit({{.id = 1, .create = Info(1, "one")},
                      {.id = 2,
                       .create = Info(2, "two"),
                       .content = Content({"10.0.0.0/8", "::1"})}})
                  .ok());
  Restart();
  policy::SetTable sets = Loaded();
  ASSERT_THAT(sets, SizeIs(2));
  EXPECT_EQ(sets["one"]->info, Info(1, "one"));
  EXPECT_TRUE(sets["one"]->entries.empty());
  EXPECT_EQ(sets["two"]->info, Info(2, "two"));
  EXPECT_EQ(sets["two"]->entries, *Content({"10.0.0.0/8", "::1"}));
  ASSERT_TRUE(Commit({{.id = 2, .content = Content({"192.0.2.1"})}}).ok());
  ASSERT_TRUE(Commit({{.id = 1, .drop = true}}).ok());
  Restart();
  sets = Loaded();
  ASSERT_THAT(sets, SizeIs(1));
  EXPECT_EQ(sets["two"]->entries, *Content({"192.0.2.1"}));
}

// So many that chunks are split, and emptied again.
TEST_P(StoreSets, SmallEditsOfALargeSet) {
  std::mt19937 random(20'261'123);
  const auto prefix = [&] {
    return random() % 3 == 0
               ? P(absl::StrCat("2001:db8::", absl::Hex(random() % 3'000)))
               : P(absl::StrCat("10.", random() % 3, ".", random() % 16, ".",
                                random() % 256));
  };
  ASSERT_TRUE(Commit({{.id = 1, .create = Info(1, "large")}}).ok());
  SetEntries reference;
  // Grows, stays, shrinks.
  for (const std::uint32_t keep : {95u, 50u, 3u}) {
    for (int round = 0; round < 60; ++round) {
      SetEntries after = reference;
      for (auto left = 1 + random() % 300; left > 0; --left) {
        const Prefix one = prefix();
        if (random() % 100 < keep) {
          after.Put({one, random() % 4 == 0
                              ? 1 + static_cast<policy::Deadline>(random() % 9)
                              : policy::kForever});
        } else {
          after.Erase(one);
        }
      }
      const SetDifference difference = SetEntries::Compare(reference, after);
      ASSERT_TRUE(Commit({{.id = 1, .difference = difference}}).ok());
      reference = std::move(after);
      if (round % 20 == 0) Restart();
      if (round % 10 == 0) {
        ASSERT_EQ(Loaded()["large"]->entries, reference);
      }
    }
    ASSERT_EQ(Loaded()["large"]->entries, reference);
  }
}

TEST_P(StoreSets, AnswersWithSetsComeBack) {
  AnsweredRequest answer{
      .request_id = "id",
      .fingerprint = "what",
      .rules = {},
      .sets = {{Info(1, "one"), 7, 5, 2}, {Info(2, "two"), 0, 0, 9}},
      .generation = 3};
  Delta delta;
  delta.generation = 3;
  delta.remember = answer;
  ASSERT_TRUE(store().Commit(delta).ok());
  Restart();
  const auto found = store().FindRequest("id");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, answer);
  delta.remember.reset();
  delta.forget_request_id = "id";
  ASSERT_TRUE(store().Commit(delta).ok());
  EXPECT_EQ(*store().FindRequest("id"), std::nullopt);
}

UndoableEntry Entry(std::uint64_t generation) {
  UndoableEntry entry{
      .entry = {.generation = generation,
                .etag = absl::StrCat("etag", generation),
                .time = absl::FromUnixMicros(1'700'000'000'000'001),
                .origin = "a test",
                .summary = "something",
                .can_undo = true},
      .boot_id = "boot"};
  entry.undo.remove = {3, (policy::RuleId{1} << 60) + 5};
  entry.undo.add = {
      {.id = 8,
       .match = P("10.0.0.0/8"),
       .comment = "because",
       .create_time = absl::FromUnixMicros(1)},
      {.id = 9,
       .match = *policy::PortRange::Create(policy::Protocol::kUdp, 1, 9),
       .create_time = absl::FromUnixMicros(2),
       .until = 77,
       .expire_time = absl::FromUnixMicros(3)}};
  entry.undo.sets = {
      {.id = 1, .drop = true},
      {.id = 2,
       .create = Info(2, "two"),
       .content = Content({"10.0.0.0/8", "2001:db8::/32"})},
      {.id = 3, .difference = {{{P("10.0.0.1")}, {P("::1"), 5}}, {{P("::2")}}}},
      {.id = 4, .content = Content({})}};
  return entry;
}

void ExpectSame(const UndoableEntry& a, const UndoableEntry& b) {
  EXPECT_EQ(a.entry, b.entry);
  EXPECT_EQ(a.boot_id, b.boot_id);
  EXPECT_EQ(a.undo.remove, b.undo.remove);
  EXPECT_EQ(a.undo.add, b.undo.add);
  ASSERT_EQ(a.undo.sets.size(), b.undo.sets.size());
  for (std::size_t i = 0; i < a.undo.sets.size(); ++i) {
    const SetDelta& one = a.undo.sets[i];
    const SetDelta& other = b.undo.sets[i];
    EXPECT_EQ(one.id, other.id);
    EXPECT_EQ(one.drop, other.drop);
    EXPECT_EQ(one.create, other.create);
    EXPECT_EQ(one.difference.before, other.difference.before);
    EXPECT_EQ(one.difference.after, other.difference.after);
    ASSERT_EQ(one.content == nullptr, other.content == nullptr) << i;
    if (one.content != nullptr) {
      EXPECT_EQ(*one.content, *other.content);
    }
  }
}

TEST_P(StoreSets, WhatLeadsBackComesBackAsItWas) {
  for (const std::uint64_t generation : {1u, 2u, 3u}) {
    Delta delta;
    delta.generation = generation;
    delta.history = Entry(generation);
    ASSERT_TRUE(store().Commit(delta).ok());
  }
  Restart();
  const auto read = store().ReadUndo(2);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectSame(*read, Entry(2));
  EXPECT_TRUE(absl::IsNotFound(store().ReadUndo(4).status()));
  const auto list = store().ListHistory(3, 10);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(*list, ::testing::ElementsAre(Entry(2).entry, Entry(1).entry));
  EXPECT_EQ(store().Load()->etag, "etag3");
  Delta back;
  back.generation = 1;
  back.forget_history_from = 2;
  ASSERT_TRUE(store().Commit(back).ok());
  EXPECT_TRUE(absl::IsNotFound(store().ReadUndo(2).status()));
  EXPECT_THAT(*store().ListHistory(9, 10), SizeIs(1));
  Restart();
  EXPECT_THAT(*store().ListHistory(9, 10), SizeIs(1));
  EXPECT_EQ(store().Load()->etag, "etag1");
}

PendingChange Pending(std::uint64_t generation) {
  const UndoableEntry entry = Entry(generation);
  PendingChange pending{
      .what = {.generation = generation,
               .time = absl::FromUnixMicros(1'700'000'000'000'001),
               .origin = "a test",
               .until = 12'345,
               .confirm_by = absl::FromUnixMicros(1'700'000'060'000'001),
               .boot_id = "boot"},
      .back = {.before = entry.undo.add, .after = {}, .sets = entry.undo.sets}};
  pending.back.after = {entry.undo.add[1]};
  pending.back.after[0].comment = "as it was left";
  return pending;
}

TEST_P(StoreSets, WhatWaitsForAConfirmationDoesSoUntilItEnds) {
  EXPECT_EQ(store().Load()->unconfirmed, std::nullopt);
  EXPECT_TRUE(absl::IsNotFound(store().ReadTakeBack().status()));
  for (const std::uint64_t generation : {1u, 2u}) {
    Delta delta;
    delta.generation = generation;
    delta.unconfirmed = Pending(generation);  // in the place of the first one
    ASSERT_TRUE(store().Commit(delta).ok());
  }
  Restart();
  EXPECT_EQ(store().Load()->unconfirmed, Pending(2).what);
  const auto back = store().ReadTakeBack();
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->before, Pending(2).back.before);
  EXPECT_EQ(back->after, Pending(2).back.after);
  UndoableEntry read = Entry(2);
  read.undo.sets = back->sets;
  ExpectSame(read, Entry(2));
  // It has nothing to do with the history.
  Delta other;
  other.generation = 3;
  other.forget_history_from = 1;
  ASSERT_TRUE(store().Commit(other).ok());
  EXPECT_EQ(store().Load()->unconfirmed, Pending(2).what);

  Delta impossible;
  impossible.generation = 4;
  impossible.end_unconfirmed = true;
  impossible.remove = {99};
  EXPECT_FALSE(store().Commit(impossible).ok());
  EXPECT_EQ(store().Load()->unconfirmed, Pending(2).what);
  Delta end;
  end.generation = 4;
  end.end_unconfirmed = true;
  for (int time = 0; time < 2; ++time) {
    ASSERT_TRUE(store().Commit(end).ok());
    Restart();
    EXPECT_EQ(store().Load()->unconfirmed, std::nullopt);
    EXPECT_TRUE(absl::IsNotFound(store().ReadTakeBack().status()));
  }
}

TEST_P(StoreSets, ACommitThatFailsLeavesNothing) {
  ASSERT_TRUE(
      Commit({{.id = 1, .create = Info(1, "one"), .content = Content({"::1"})}})
          .ok());
  Delta delta;
  delta.generation = 2;
  delta.history = Entry(2);
  delta.sets = {{.id = 1, .content = Content({"10.0.0.0/8"})},
                {.id = 99, .drop = true}};  // there is none
  EXPECT_FALSE(store().Commit(delta).ok());
  EXPECT_EQ(Loaded()["one"]->entries, *Content({"::1"}));
  EXPECT_THAT(*store().ListHistory(9, 9), IsEmpty());
  delta.sets.pop_back();
  EXPECT_TRUE(store().Commit(delta).ok());
  EXPECT_THAT(*store().ListHistory(9, 9), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreSets, ::testing::Bool(),
                         [](const auto& instance) {
                           return instance.param ? "Sqlite" : "Memory";
                         });

}  // namespace
}  // namespace fwagent::store
