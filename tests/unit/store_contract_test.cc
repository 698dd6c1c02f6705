// What every Store promises, asked of the one with a disk and of the fake that
// stands for it in other tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/store.h"
#include "tests/support/memory_store.h"
#include "tests/support/temp_dir.h"

namespace fwagent::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

policy::Rule SourceRule(policy::RuleId id, const std::string& prefix) {
  return {.id = id,
          .match = *policy::Prefix::Parse(prefix),
          .comment = "because of " + prefix,
          .create_time = absl::FromUnixMicros(1'700'000'000'123'456)};
}

policy::Rule PortRule(policy::RuleId id, policy::Protocol protocol,
                      std::uint32_t first, std::uint32_t last) {
  return {.id = id,
          .match = *policy::PortRange::Create(protocol, first, last),
          .comment = "",
          .create_time = absl::UnixEpoch()};
}

policy::Rule Until(policy::Rule rule, policy::Deadline until,
                   std::int64_t expires_us) {
  rule.until = until;
  rule.expire_time = absl::FromUnixMicros(expires_us);
  return rule;
}

Delta Add(std::vector<policy::Rule> rules) {
  const policy::RuleId last = rules.back().id;
  return {.add = std::move(rules),
          .remove = {},
          .generation = last,
          .next_rule_id = last + 1,
          .remember = {},
          .forget_request_id = {}};
}

AnsweredRequest Answered(const std::string& id, policy::Rule rule) {
  return {.request_id = id,
          .fingerprint = "block " + id + "\nwith a line break",
          .rules = {std::move(rule)},
          .generation = 12};
}

struct Backend {
  const char* name;
  bool on_disk;
};

class StoreContract : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override { Restart(); }

  // As after a restart of the agent.
  void Restart() {
    if (!GetParam().on_disk) return;
    disk_.reset();
    auto opened = SqliteStore::Open(dir_ / "state");
    ASSERT_TRUE(opened.ok()) << opened.status();
    disk_ = *std::move(opened);
  }

  Store& store() {
    if (disk_ != nullptr) return *disk_;
    return memory_;
  }

  State Loaded() {
    auto state = store().Load();
    EXPECT_TRUE(state.ok()) << state.status();
    return state.value_or(State());
  }

  std::optional<AnsweredRequest> Found(const std::string& request_id) {
    auto found = store().FindRequest(request_id);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(std::nullopt);
  }

 private:
  testing::TempDir dir_;
  testing::MemoryStore memory_;
  std::unique_ptr<SqliteStore> disk_;
};

TEST_P(StoreContract, IsFreshUntilTheFirstCommit) {
  EXPECT_TRUE(Loaded().fresh);
  EXPECT_EQ(Loaded().next_rule_id, 1u);
  Restart();
  EXPECT_TRUE(Loaded().fresh) << "nothing was acknowledged yet";
  ASSERT_TRUE(store().Commit({.generation = 1, .next_rule_id = 1}).ok());
  EXPECT_FALSE(Loaded().fresh);
  Restart();
  EXPECT_FALSE(Loaded().fresh) << "an empty policy is one too";
}

TEST_P(StoreContract, RulesComeBackAsTheyWere) {
  const std::vector<policy::Rule> rules = {
      SourceRule(1, "192.0.2.1"),
      SourceRule(2, "0.0.0.0/0"),
      SourceRule(3, "::/0"),
      SourceRule(4, "2001:db8::/33"),
      SourceRule(5, "2001:db8::1"),
      PortRule(6, policy::Protocol::kTcp, 1, 65535),
      PortRule(7, policy::Protocol::kUdp, 53, 53),
      PortRule(8, policy::Protocol::kSctp, 65535, 65535),
      {.id = 9,
       .match = *policy::Prefix::Parse("198.51.100.0/24"),
       .comment = "'; DROP TABLE rule; -- \u00e9\U0001f525",
       .create_time = absl::FromUnixMicros(-1)},
      Until(SourceRule(10, "198.51.100.1"), policy::kNever, -5),
      Until(PortRule(11, policy::Protocol::kTcp, 1, 1), policy::kForever - 1,
            1'800'000'000'123'456),
      SourceRule((policy::RuleId{1} << 62) + 1, "203.0.113.0/24"),
  };
  ASSERT_TRUE(store().Commit(Add(rules)).ok());
  EXPECT_EQ(Loaded().rules, rules);
  Restart();
  const State state = Loaded();
  EXPECT_EQ(state.rules, rules);
  EXPECT_EQ(state.generation, rules.back().id);
  EXPECT_EQ(state.next_rule_id, rules.back().id + 1);
}

TEST_P(StoreContract, ARuleIsPutInThePlaceOfItself) {
  const policy::Rule rule = SourceRule(1, "192.0.2.1");
  ASSERT_TRUE(store().Commit(Add({rule, SourceRule(2, "192.0.2.2")})).ok());
  const policy::Rule renewed = Until(rule, 1000, 5);
  AnsweredRequest answer = Answered("renew", renewed);
  ASSERT_TRUE(store()
                  .Commit({.add = {renewed},
                           .remove = {1},
                           .generation = 3,
                           .next_rule_id = 3,
                           .remember = answer})
                  .ok());
  Restart();
  EXPECT_THAT(Loaded().rules, ElementsAre(renewed, SourceRule(2, "192.0.2.2")));
  EXPECT_EQ(Found("renew"), answer);
}

TEST_P(StoreContract, TheRunOfTheHostStaysUntilItIsAnotherOne) {
  EXPECT_EQ(Loaded().boot_id, "");
  Delta first = Add({SourceRule(1, "192.0.2.1")});
  first.boot_id = "one";
  const Delta second = Add({SourceRule(2, "192.0.2.2")});
  ASSERT_TRUE(store().CommitAll({first, second}).ok());
  Restart();
  EXPECT_EQ(Loaded().boot_id, "one");
  ASSERT_TRUE(
      store()
          .Commit({.generation = 3, .next_rule_id = 3, .boot_id = "two"})
          .ok());
  ASSERT_TRUE(store().Commit({.generation = 3, .next_rule_id = 3}).ok());
  Restart();
  EXPECT_EQ(Loaded().boot_id, "two");
}

TEST_P(StoreContract, RulesComeInOrderOfIdWhateverTheOrderOfArrival) {
  ASSERT_TRUE(store().Commit(Add({SourceRule(9, "192.0.2.9")})).ok());
  Delta older = Add({SourceRule(3, "192.0.2.3")});
  older.next_rule_id = 10;
  ASSERT_TRUE(store().Commit(older).ok());
  Restart();
  EXPECT_THAT(Loaded().rules, ElementsAre(SourceRule(3, "192.0.2.3"),
                                          SourceRule(9, "192.0.2.9")));
}

TEST_P(StoreContract, RemovesExactlyTheRuleThatIsNamed) {
  ASSERT_TRUE(
      store()
          .Commit(Add({SourceRule(1, "192.0.2.1"), SourceRule(2, "192.0.2.2")}))
          .ok());
  ASSERT_TRUE(
      store().Commit({.remove = {1}, .generation = 3, .next_rule_id = 3}).ok());
  Restart();
  EXPECT_THAT(Loaded().rules, ElementsAre(SourceRule(2, "192.0.2.2")));
  EXPECT_EQ(Loaded().next_rule_id, 3u);
}

TEST_P(StoreContract, ACommitThatCannotBeAppliedChangesNothing) {
  ASSERT_TRUE(store().Commit(Add({SourceRule(1, "192.0.2.1")})).ok());
  Delta absent = Add({SourceRule(2, "192.0.2.2")});
  absent.remove = {1, 99};
  absent.remember = Answered("absent", SourceRule(2, "192.0.2.2"));
  EXPECT_EQ(store().Commit(absent).code(), absl::StatusCode::kInternal);
  const Delta twice =
      Add({SourceRule(2, "192.0.2.2"), SourceRule(1, "192.0.2.3")});
  EXPECT_EQ(store().Commit(twice).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(store().Commit(Add({SourceRule(0, "192.0.2.2")})).code(),
            absl::StatusCode::kInternal);

  for (int restarts = 0; restarts < 2; ++restarts) {
    const State state = Loaded();
    EXPECT_THAT(state.rules, ElementsAre(SourceRule(1, "192.0.2.1")));
    EXPECT_EQ(state.generation, 1u);
    EXPECT_EQ(state.next_rule_id, 2u);
    EXPECT_EQ(Found("absent"), std::nullopt);
    Restart();
  }
  EXPECT_TRUE(store().Commit(Add({SourceRule(2, "192.0.2.2")})).ok());
}

TEST_P(StoreContract, AnswersAreFoundByTheirRequest) {
  const AnsweredRequest block = Answered("r-1", SourceRule(1, "192.0.2.1"));
  const AnsweredRequest port =
      Answered("r-2", PortRule(2, policy::Protocol::kUdp, 53, 54));
  Delta first = Add({block.rules[0]});
  first.remember = block;
  Delta second = Add({port.rules[0]});
  second.remember = port;
  ASSERT_TRUE(store().Commit(first).ok());
  ASSERT_TRUE(store().Commit(second).ok());
  Restart();
  EXPECT_EQ(Found("r-1"), block);
  EXPECT_EQ(Found("r-2"), port);
  for (const std::string other : {"r-3", "R-1", "r-1 ", "r-", "", "%"}) {
    EXPECT_EQ(Found(other), std::nullopt) << other;
  }
}

TEST_P(StoreContract, AnAnswerOutlivesItsRuleUntilItIsForgotten) {
  const AnsweredRequest block = Answered("r-1", SourceRule(1, "192.0.2.1"));
  Delta delta = Add({block.rules[0]});
  delta.remember = block;
  ASSERT_TRUE(store().Commit(delta).ok());
  ASSERT_TRUE(
      store().Commit({.remove = {1}, .generation = 2, .next_rule_id = 2}).ok());
  EXPECT_EQ(Found("r-1"), block);

  ASSERT_TRUE(
      store()
          .Commit(
              {.generation = 3, .next_rule_id = 2, .forget_request_id = "r-1"})
          .ok());
  EXPECT_EQ(Found("r-1"), std::nullopt);
  // To forget what is not known is no error.
  EXPECT_TRUE(
      store()
          .Commit(
              {.generation = 4, .next_rule_id = 2, .forget_request_id = "r-1"})
          .ok());
  Restart();
  EXPECT_EQ(Found("r-1"), std::nullopt);
}

TEST_P(StoreContract, ARequestIsAnsweredOnce) {
  Delta delta = Add({SourceRule(1, "192.0.2.1")});
  delta.remember = Answered("r-1", SourceRule(1, "192.0.2.1"));
  ASSERT_TRUE(store().Commit(delta).ok());
  Delta again = Add({SourceRule(2, "192.0.2.2")});
  again.remember = Answered("r-1", SourceRule(2, "192.0.2.2"));
  EXPECT_FALSE(store().Commit(again).ok());
  EXPECT_THAT(Found("r-1")->rules, ElementsAre(SourceRule(1, "192.0.2.1")));
  EXPECT_THAT(Loaded().rules, ElementsAre(SourceRule(1, "192.0.2.1")));
}

TEST_P(StoreContract, AnAnswerHoldsAnyNumberOfRules) {
  AnsweredRequest many = Answered("many", SourceRule(1, "192.0.2.1"));
  many.rules.push_back(SourceRule(2, "2001:db8::1"));
  const AnsweredRequest none{.request_id = "none",
                             .fingerprint = "nothing to do",
                             .rules = {},
                             .generation = 2};
  Delta first = Add(many.rules);
  first.remember = many;
  Delta second{.generation = 2, .next_rule_id = 3, .remember = none};
  ASSERT_TRUE(store().CommitAll({first, second}).ok());
  Restart();
  EXPECT_EQ(Found("many"), many);
  EXPECT_EQ(Found("none"), none);
  // What is forgotten leaves nothing for the next one.
  ASSERT_TRUE(
      store()
          .Commit(
              {.generation = 3, .next_rule_id = 3, .forget_request_id = "none"})
          .ok());
  ASSERT_TRUE(
      store()
          .Commit(
              {.generation = 4, .next_rule_id = 3, .forget_request_id = "many"})
          .ok());
  Delta third{.generation = 5, .next_rule_id = 3, .remember = none};
  ASSERT_TRUE(store().Commit(third).ok());
  EXPECT_EQ(Found("none"), none);
}

TEST_P(StoreContract, SeveralDeltasAreOneStep) {
  const Delta first = Add({SourceRule(1, "192.0.2.1")});
  const Delta second = Add({SourceRule(2, "192.0.2.2")});
  const Delta third{.add = {SourceRule(3, "192.0.2.3")},
                    .remove = {1},
                    .generation = 3,
                    .next_rule_id = 4};
  Delta impossible{.remove = {77}, .generation = 4, .next_rule_id = 4};
  EXPECT_FALSE(store().CommitAll({first, second, impossible}).ok());
  EXPECT_THAT(Loaded().rules, ElementsAre());
  ASSERT_TRUE(store().CommitAll({first, second, third}).ok());
  Restart();
  EXPECT_THAT(Loaded().rules, ElementsAre(SourceRule(2, "192.0.2.2"),
                                          SourceRule(3, "192.0.2.3")));
  EXPECT_EQ(Loaded().generation, 3u);
  EXPECT_EQ(Loaded().next_rule_id, 4u);
}

TEST_P(StoreContract, RequestsAreFoundWhileCommitsRun) {
  Delta first = Add({SourceRule(1, "192.0.2.1")});
  first.remember = Answered("known", SourceRule(1, "192.0.2.1"));
  ASSERT_TRUE(store().Commit(first).ok());
  std::thread reader([this] {
    for (int i = 0; i < 300; ++i) {
      EXPECT_NE(Found("known"), std::nullopt);
      EXPECT_EQ(Found("unknown"), std::nullopt);
    }
  });
  for (policy::RuleId id = 2; id < 100; ++id) {
    const auto rule = SourceRule(id, "198.51.100." + std::to_string(id));
    EXPECT_TRUE(store().Commit(Add({rule})).ok());
  }
  reader.join();
  EXPECT_EQ(Loaded().rules.size(), 99u);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         ::testing::Values(Backend{"Sqlite", true},
                                           Backend{"Memory", false}),
                         [](const auto& instance) {
                           return instance.param.name;
                         });

// The fake's own part: failures on demand.
TEST(MemoryStore, FailsTheCallThatWasChosenAndNoOther) {
  using Call = testing::MemoryStore::Call;
  testing::MemoryStore store;
  store.FailOnce(Call::kCommit, absl::UnavailableError("first"), 1);
  store.FailOnce(Call::kCommit, absl::DataLossError("second"), 1);
  EXPECT_TRUE(store.FindRequest("x").ok());
  EXPECT_TRUE(store.Commit(Add({SourceRule(1, "192.0.2.1")})).ok());
  EXPECT_EQ(store.Commit(Add({SourceRule(2, "192.0.2.2")})),
            absl::UnavailableError("first"));
  EXPECT_EQ(store.Commit(Add({SourceRule(2, "192.0.2.2")})),
            absl::DataLossError("second"));
  EXPECT_THAT(store.state().rules, ElementsAre(SourceRule(1, "192.0.2.1")));
  EXPECT_TRUE(store.Commit(Add({SourceRule(2, "192.0.2.2")})).ok());
  EXPECT_EQ(store.commits(), 2);

  store.FailOnce(Call::kLoad, absl::UnavailableError("load"));
  EXPECT_FALSE(store.Load().ok());
  EXPECT_TRUE(store.Load().ok());
  store.FailOnce(Call::kFindRequest, absl::UnavailableError("find"));
  EXPECT_FALSE(store.FindRequest("x").ok());
  EXPECT_TRUE(store.FindRequest("x").ok());
}

TEST(MemoryStore, TheHookOfACommitMayLookAtTheStore) {
  testing::MemoryStore store;
  std::vector<policy::Rule> seen = {SourceRule(7, "192.0.2.7")};
  store.OnCommit([&] { seen = store.state().rules; });
  ASSERT_TRUE(store.Commit(Add({SourceRule(1, "192.0.2.1")})).ok());
  EXPECT_THAT(seen, IsEmpty()) << "called before the commit takes effect";
}

}  // namespace
}  // namespace fwagent::store
