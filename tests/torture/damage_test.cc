// The state file cut off at every byte, and with a bit flipped in every byte:
// what is loaded then was committed once, or nothing is loaded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/store/sqlite_store.h"
#include "tests/support/dice.h"
#include "tests/support/from_environment.h"
#include "tests/support/temp_dir.h"
#include "tests/torture/report.h"

namespace fwagent::store {
namespace {

using testing::FromEnvironment;

policy::Rule RuleOf(policy::RuleId id) {
  const policy::Match match =
      id % 3 == 0
          ? policy::Match(*policy::PortRange::Create(
                policy::Protocol::kUdp, static_cast<std::uint32_t>(id) + 1000,
                static_cast<std::uint32_t>(id) + 1001))
          : policy::Match(*policy::Prefix::Parse(
                id % 3 == 1 ? absl::StrCat("192.0.2.", id)
                            : absl::StrCat("2001:db8::", id, ":0/112")));
  return {.id = id,
          .match = match,
          .comment = absl::StrCat("comment ", id),
          .create_time = absl::FromUnixSeconds(1'700'000'000)};
}

AnsweredRequest AnswerOf(std::uint64_t generation,
                         std::vector<policy::Rule> rules) {
  return {.request_id = absl::StrCat("request-", generation),
          .fingerprint = absl::StrCat("fingerprint ", generation),
          .rules = std::move(rules),
          .generation = generation};
}

using Files = std::map<std::string, std::string>;  // content by name

Files ReadFiles(const std::string& directory) {
  Files files;
  for (const char* name : {"fwagent.db", "fwagent.db-wal"}) {
    std::ifstream in(directory + "/" + name, std::ios::binary);
    if (!in) continue;
    files[name] = {std::istreambuf_iterator<char>(in), {}};
  }
  return files;
}

// A store with a few changes behind it, and all states that it ever had.
class DamageTest : public ::testing::Test {
 protected:
  DamageTest() {
    const testing::TempDir dir;
    history_.push_back(*(*SqliteStore::Open(dir.path()))->Load());
    {
      // What was committed before the end of an agent is in the file, and what
      // came after the next one's start is in the log.
      const auto store = *SqliteStore::Open(dir.path());
      Commit(*store, 1);
      Commit(*store, 2);
      Commit(*store, 3);
    }
    {
      const auto store = *SqliteStore::Open(dir.path());
      Commit(*store, 4);
      Commit(*store, 5);
      Commit(*store, 6);
      crashed_ = ReadFiles(dir.path());
    }
    closed_ = ReadFiles(dir.path());
  }

  // Adds two rules, and takes one of before away.
  void Commit(SqliteStore& store, std::uint64_t generation) {
    State state = history_.back();
    Delta delta{.generation = generation, .next_rule_id = 2 * generation + 1};
    delta.add = {RuleOf(2 * generation - 1), RuleOf(2 * generation)};
    if (generation % 2 == 0) {
      delta.remove = {state.rules.front().id};
      state.rules.erase(state.rules.begin());
    }
    delta.remember = AnswerOf(generation, delta.add);
    answers_.push_back(*delta.remember);
    ASSERT_TRUE(store.Commit(delta).ok());
    state.rules.insert(state.rules.end(), delta.add.begin(), delta.add.end());
    state.generation = generation;
    state.next_rule_id = delta.next_rule_id;
    state.fresh = false;
    history_.push_back(std::move(state));
  }

  // nullopt: refused, and the agent guards by the kernel's tables. Otherwise an
  // index of history_, or its size where the state never was.
  std::optional<std::size_t> Load(const Files& files) {
    const testing::TempDir dir;
    for (const auto& [name, content] : files) {
      std::ofstream(dir / name, std::ios::binary) << content;
    }
    auto store = SqliteStore::Open(dir.path());
    if (!store.ok()) return Refused(store.status());
    const auto state = (*store)->Load();
    if (!state.ok()) return Refused(state.status());
    const auto found = std::find_if(
        history_.begin(), history_.end(), [&state](const State& once) {
          return once.rules == state->rules &&
                 once.generation == state->generation &&
                 once.next_rule_id == state->next_rule_id;
        });
    if (found == history_.end() || !RemembersAnswers(**store, *found)) {
      return history_.size();
    }
    return static_cast<std::size_t>(found - history_.begin());
  }

  // An agent is read-only then, or refuses to start: a flipped bit can make a
  // file another program's, or a newer agent's.
  std::optional<std::size_t> Refused(const absl::Status& status) {
    EXPECT_FALSE(status.message().empty());
    if (IsUnreadable(status)) {
      ++read_only_;
    } else {
      EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    }
    return std::nullopt;
  }

  // Each answer up to this state is there, or is refused.
  bool RemembersAnswers(SqliteStore& store, const State& state) {
    return std::all_of(
        answers_.begin(), answers_.end(), [&](const AnsweredRequest& answer) {
          const auto found = store.FindRequest(answer.request_id);
          if (!found.ok()) return true;
          if (answer.generation > state.generation) return !found->has_value();
          return found->has_value() && **found == answer;
        });
  }

  void Try(const Files& files, const std::string& how) {
    const auto loaded = Load(files);
    ++tried_;
    if (!loaded) {
      ++refused_;
    } else if (*loaded == history_.size()) {
      ++silent_;
      if (silent_ <= 20) ADD_FAILURE() << how << ": silently another state";
    } else if (*loaded == history_.size() - 1) {
      ++newest_;
    } else {
      ++older_;
    }
  }

  // Offsets of a file: all of them, or so many at random.
  std::vector<std::size_t> Offsets(std::size_t size) {
    const std::uint64_t most = FromEnvironment("FW_TORTURE_OFFSETS", 150);
    std::vector<std::size_t> offsets;
    if (most == 0 || most >= size) {
      for (std::size_t at = 0; at < size; ++at) offsets.push_back(at);
      return offsets;
    }
    for (std::uint64_t i = 0; i < most; ++i) {
      offsets.push_back(dice_.Below(size));
    }
    return offsets;
  }

  void TruncateEach(const Files& whole) {
    for (const auto& [name, content] : whole) {
      for (const std::size_t at : Offsets(content.size())) {
        Files cut = whole;
        cut[name] = content.substr(0, at);
        Try(cut, absl::StrCat(name, " cut off at ", at));
      }
    }
  }

  void FlipEach(const Files& whole) {
    for (const auto& [name, content] : whole) {
      for (const std::size_t at : Offsets(content.size())) {
        const std::uint64_t bit = dice_.Below(8);
        Files flipped = whole;
        char& byte = flipped[name][at];
        byte = static_cast<char>(byte ^ 1 << bit);
        Try(flipped, absl::StrCat(name, " with bit ", bit, " flipped at ", at));
      }
    }
  }

  void Report(const std::string& fault) {
    testing::ReportRow(
        absl::StrCat(fault, "; seed ", seed_),
        absl::StrCat("tried ", tried_, ": refused ", refused_, " (read-only ",
                     read_only_, ")", ", the newest state ", newest_,
                     ", an older one ", older_, ", silently another ",
                     silent_));
  }

  const std::uint64_t seed_ = FromEnvironment("FW_TORTURE_SEED", 1);
  testing::Dice dice_{seed_};
  std::vector<State> history_;
  std::vector<AnsweredRequest> answers_;
  Files closed_;   // after the agent ended
  Files crashed_;  // as a kill leaves them: with a log
  std::uint64_t tried_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t read_only_ = 0;  // of these
  std::uint64_t newest_ = 0;
  std::uint64_t older_ = 0;
  std::uint64_t silent_ = 0;
};

TEST_F(DamageTest, WithoutDamageTheNewestStateIsLoaded) {
  EXPECT_EQ(Load(closed_), history_.size() - 1);
  EXPECT_EQ(Load(crashed_), history_.size() - 1);
  EXPECT_EQ(crashed_.size(), 2u);
}

TEST_F(DamageTest, CutOff) {
  TruncateEach(closed_);
  EXPECT_EQ(older_, 0u);
  Report("state file cut off");
}

TEST_F(DamageTest, CutOffWithALog) {
  TruncateEach(crashed_);
  Report("state file or its log cut off after a kill");
}

TEST_F(DamageTest, AFlippedBit) {
  FlipEach(closed_);
  EXPECT_EQ(older_, 0u);
  Report("a bit flipped in the state file");
}

TEST_F(DamageTest, AFlippedBitWithALog) {
  FlipEach(crashed_);
  Report("a bit flipped in the state file or its log after a kill");
}

}  // namespace
}  // namespace fwagent::store
