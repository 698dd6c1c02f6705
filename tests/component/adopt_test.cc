// An engine whose store is new, over a kernel that enforces rules already.
#include "agent/core/adopt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/engine.h"
#include "agent/dataplane/memory_data_plane.h"
#include "tests/support/fake_clocks.h"
#include "tests/support/memory_store.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;
using fwagent::testing::MemoryStore;
using policy::Prefix;
using policy::Protocol;
using policy::RuleId;
using policy::SourceRule;
using policy::SourceVerdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

Prefix P(const char* text) { return *Prefix::Parse(text); }
Change Block(const char* host) { return {.edits = {{.match = P(host)}}}; }

class AdoptTest : public ::testing::Test {
 protected:
  AdoptTest() { EXPECT_TRUE(kernel_.ReplaceSources({}).ok()); }

  absl::StatusOr<std::unique_ptr<Engine>> Start() {
    kernel_.Restart();
    return Engine::Start(&store_, &kernel_, clocks_.Get());
  }

  void BlockPorts(const std::map<std::uint16_t, RuleId>& rules) {
    policy::PortTable table(65536);
    for (const auto& [port, id] : rules) table[port] = id;
    ASSERT_TRUE(kernel_.ReplacePorts(Protocol::kTcp, table).ok());
  }

  // What the store holds, as text; fails when an id comes twice or is not below
  // the next one.
  std::map<std::string, RuleId> Adopted() {
    std::map<std::string, RuleId> ids;
    std::set<RuleId> taken;
    for (const policy::Rule& rule : store_.state().rules) {
      ids[policy::MatchToString(rule.match)] = rule.id;
      EXPECT_NE(rule.id, 0u);
      EXPECT_TRUE(taken.insert(rule.id).second) << rule.id;
      EXPECT_LT(rule.id, store_.state().next_rule_id);
    }
    return ids;
  }

  MemoryStore store_;
  MemoryDataPlane kernel_;
  fwagent::testing::FakeClocks clocks_;
};

constexpr RuleId kFirstNewId = 1'700'000'000'000'000;

TEST_F(AdoptTest, WhatEndsGoesOnEnding) {
  const Moment now = clocks_.Get().Now();
  const policy::Deadline until = now.DeadlineIn(absl::Hours(1));
  ASSERT_TRUE(
      kernel_.AddSource({.prefix = P("192.0.2.1"), .id = 7, .until = until})
          .ok());
  policy::PortTable table(65536);
  table[80] = policy::PortRule(8, until);
  ASSERT_TRUE(kernel_.ReplacePorts(Protocol::kTcp, table).ok());
  const auto engine = Start();
  ASSERT_TRUE(engine.ok()) << engine.status();
  for (const policy::Rule& rule : store_.state().rules) {
    EXPECT_EQ(rule.until, until);
    EXPECT_LT(rule.expire_time - now.wall - absl::Hours(1), absl::Seconds(1));
    EXPECT_GE(rule.expire_time - now.wall, absl::Hours(1));
  }
  EXPECT_EQ(store_.state().rules.size(), 2u);
  EXPECT_EQ(store_.state().boot_id, "boot");
  EXPECT_EQ((*(*kernel_.ReadPorts())[0])[80], table[80]);
}

TEST_F(AdoptTest, WhatTheKernelEnforcesIsListedStoredAndStaysEnforced) {
  ASSERT_TRUE(kernel_.ReplaceSources({{P("192.0.2.0/24"), 1}}).ok());
  BlockPorts({{80, 2}});
  const auto engine = Start();
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_THAT(Adopted(),
              ElementsAre(std::pair("port 80/tcp", 2u),
                          std::pair("source 192.0.2.0/24", kFirstNewId)));
  EXPECT_EQ((*engine)->List(0, 10).rules, store_.state().rules);
  EXPECT_THAT((*engine)->List(0, 1).rules[0].comment, HasSubstr("recovered"));
  EXPECT_THAT(
      *kernel_.ReadSources(),
      Optional(ElementsAre(SourceRule{P("192.0.2.0/24"), kFirstNewId})));
  EXPECT_EQ((*(*kernel_.ReadPorts())[0])[80], 2u);
}

TEST_F(AdoptTest, ARangeThatOthersCutUpComesBackAsRules) {
  BlockPorts({{80, 2}, {81, 2}, {82, 3}, {83, 2}, {84, 2}});
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Adopted(), ElementsAre(std::pair("port 80-81/tcp", 2u),
                                     std::pair("port 82/tcp", 3u),
                                     std::pair("port 83-84/tcp", kFirstNewId)));
  EXPECT_EQ((*(*kernel_.ReadPorts())[0])[84], kFirstNewId);
}

TEST_F(AdoptTest, NoIdOfTheLostStoreIsGivenAgain) {
  auto engine = Start();
  ASSERT_TRUE(engine.ok()) << engine.status();
  std::set<RuleId> given;
  for (const char* host : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    const auto result = (*engine)->Apply(Block(host));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(given.insert(result->rules[0].id).second);
  }
  const Change unblock{
      .edits = {{.kind = Edit::Kind::kRemove, .match = P("192.0.2.3")}}};
  ASSERT_TRUE((*engine)->Apply(unblock).ok());

  MemoryStore fresh;
  engine = Engine::Start(&fresh, &kernel_, clocks_.Get());
  ASSERT_TRUE(engine.ok()) << engine.status();
  const auto next = (*engine)->Apply(Block("192.0.2.3"));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_FALSE(given.contains(next->rules[0].id)) << next->rules[0].id;
}

TEST_F(AdoptTest, IdsGrowEvenWhenTheClockStandsBeforeItsEpoch) {
  clocks_.SetWall(absl::FromUnixSeconds(-5));
  ASSERT_TRUE(kernel_.ReplaceSources({{P("192.0.2.0/24"), 1}}).ok());
  BlockPorts({{80, 9}});
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Adopted(), ElementsAre(std::pair("port 80/tcp", 9u),
                                     std::pair("source 192.0.2.0/24", 10u)));
}

TEST_F(AdoptTest, BlocksAndAllowsBecomeRules) {
  const SourceRule block{P("192.0.2.0/24"), 1};
  const SourceRule allow{P("192.0.2.1"), 2, SourceVerdict::kAllow};
  const SourceRule member{P("192.0.2.2"), 3, SourceVerdict::kNone, 1};
  ASSERT_TRUE(kernel_.ReplaceSources({block, allow, member}).ok());
  const auto engine = Start();
  ASSERT_TRUE(engine.ok());
  EXPECT_THAT(Adopted(),
              ElementsAre(std::pair("source 192.0.2.0/24", kFirstNewId),
                          std::pair("source 192.0.2.1/32", kFirstNewId + 1)));
  for (const policy::Rule& rule : store_.state().rules) {
    EXPECT_EQ(rule.owner, policy::kDefaultOwner);
  }
  EXPECT_EQ(store_.state().rules[1].action, policy::Action::kAllow);
  EXPECT_EQ(kernel_.VerdictOf(P("192.0.2.1")), SourceVerdict::kAllow);
  EXPECT_EQ(kernel_.VerdictOf(P("192.0.2.9")), SourceVerdict::kBlock);
}

TEST_F(AdoptTest, AKernelWithoutRulesLeavesTheStoreAsItIs) {
  const auto engine = Start();
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ(store_.commits(), 0);
  EXPECT_EQ((*engine)->Apply(Block("192.0.2.1"))->rules[0].id, 1u);
}

TEST_F(AdoptTest, TablesThatCannotBeReadAreNotThrownAway) {
  kernel_.LoseSources();
  EXPECT_TRUE(absl::IsDataLoss(Start().status()));
  EXPECT_EQ(*kernel_.ReadSources(), std::nullopt) << "nothing was replaced";
  ASSERT_TRUE(kernel_.ReplaceSources({}).ok());
  kernel_.LosePortTable(Protocol::kUdp);
  const absl::Status lost = Start().status();
  EXPECT_TRUE(absl::IsDataLoss(lost)) << lost;
  EXPECT_THAT(lost.message(), HasSubstr("udp port table"));
}

TEST_F(AdoptTest, AStoreThatIsNotNewNeedsNotReadThem) {
  auto engine = Start();
  ASSERT_TRUE(engine.ok()) << engine.status();
  ASSERT_TRUE((*engine)->Apply(Block("192.0.2.1")).ok());
  kernel_.LoseSources();
  kernel_.LosePortTable(Protocol::kUdp);
  engine = Start();
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_THAT(*kernel_.ReadSources(),
              Optional(ElementsAre(SourceRule{P("192.0.2.1"), 1})));
  EXPECT_THAT((*kernel_.ReadPorts())[1], Optional(IsEmpty()));
}

}  // namespace
}  // namespace fwagent::core
