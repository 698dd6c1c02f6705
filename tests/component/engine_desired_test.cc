// What owners want, all of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/core/desired_plan.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_confirm_fixture.h"

namespace fwagent::core {
namespace {

using policy::Action;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

DesiredRule Block(const std::string& prefix, std::string comment = "") {
  return {.match = Source(prefix), .comment = std::move(comment)};
}

DesiredRule Ordered(std::uint32_t order, const std::string& words,
                    Action action = Action::kDrop) {
  return {.match = *policy::PacketMatch::Parse(words, order), .action = action};
}

DesiredSet Filled(std::string name, const std::vector<std::string>& prefixes) {
  policy::SetEntries entries;
  for (const std::string& prefix : prefixes) {
    entries.Put({*policy::Prefix::Parse(prefix)});
  }
  return {.name = std::move(name),
          .entries = std::make_shared<policy::SetEntries>(entries)};
}

class EngineDesiredTest : public EngineConfirmTest {
 protected:
  absl::StatusOr<ChangeResult> Want(std::vector<DesiredPolicy> desired) {
    Change change;
    change.desired = std::move(desired);
    return engine_->Apply(change);
  }
  absl::StatusOr<ChangeResult> Want(const std::string& owner,
                                    std::vector<DesiredRule> rules,
                                    std::vector<DesiredSet> sets = {}) {
    return Want({{owner, std::move(rules), std::move(sets)}});
  }
  // "1 block source 192.0.2.1/32 of web", in order of id.
  std::vector<std::string> Rules() {
    std::vector<std::string> texts;
    for (const policy::Rule& rule : engine_->List(0, 1000).rules) {
      texts.push_back(
          absl::StrCat(rule.id, " ", policy::ActionName(rule.action), " ",
                       policy::MatchToString(rule.match), " of ", rule.owner));
    }
    return texts;
  }
  std::vector<std::string> Sets() {
    std::vector<std::string> texts;
    for (const policy::SetOutcome& set : engine_->Sets()) {
      texts.push_back(
          absl::StrCat(set.info.name, " of ", set.info.owner, ": ", set.size));
    }
    return texts;
  }
  std::vector<std::string> Judged() const {
    std::vector<std::string> rules;
    for (const policy::OrderedRule& rule : kernel_.ordered().rules) {
      rules.push_back(absl::StrCat(rule.id, " ", rule.match.ToString()));
    }
    return rules;
  }
  // What is listed and enforced is what the disk has.
  void ExpectDurable() {
    const std::string before = Policy();
    Restart();
    EXPECT_EQ(Policy(), before);
  }
  std::uint64_t Generation() { return engine_->GetStatus().generation; }
};

TEST_F(EngineDesiredTest, WhatIsNotWantedGoesAndWhatOthersHaveStays) {
  ASSERT_TRUE(Want("web", {Block("192.0.2.1"), Block("192.0.2.2")}).ok());
  ASSERT_TRUE(Want("ops", {Block("192.0.2.1"), Block("192.0.2.9")}).ok());
  const auto result = Want("web", {Block("192.0.2.2"), Block("192.0.2.3")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Rules(), ElementsAre("2 block source 192.0.2.2/32 of web",
                                   "3 block source 192.0.2.1/32 of ops",
                                   "4 block source 192.0.2.9/32 of ops",
                                   "5 block source 192.0.2.3/32 of web"));
  ASSERT_THAT(result->rule_changes, SizeIs(2));
  EXPECT_FALSE(result->rule_changes[0].before.has_value());
  EXPECT_EQ(result->rule_changes[0].after->id, 5u);
  EXPECT_EQ(result->rule_changes[1].before->id, 1u);
  EXPECT_FALSE(result->rule_changes[1].after.has_value());
  Restart();
  EXPECT_THAT(Rules(), SizeIs(4));
}

TEST_F(EngineDesiredTest, TheSameAgainChangesNothing) {
  const std::vector<DesiredRule> rules = {
      Block("192.0.2.1", "why"),
      Ordered(10, "from @s"),
      {.match = Ports(1, 2), .until = clocks_.wall() + absl::Hours(1)}};
  const auto sets = std::vector<DesiredSet>{Filled("s", {"10.0.0.0/8"})};
  ASSERT_TRUE(Want("web", rules, sets).ok());
  const std::uint64_t generation = Generation();
  clocks_.Advance(absl::Minutes(5));
  const auto again = Want("web", rules, sets);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->rule_changes, IsEmpty());
  EXPECT_THAT(again->set_changes, IsEmpty());
  EXPECT_EQ(Generation(), generation);
  // When its end has passed the rule is not wanted, and not missed.
  clocks_.Advance(absl::Hours(2));
  const auto later = Want("web", rules, sets);
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_THAT(later->rule_changes, IsEmpty());
}

TEST_F(EngineDesiredTest, AnotherEndOrCommentIsTheSameRule) {
  ASSERT_TRUE(Want("web", {Block("192.0.2.1", "a")}).ok());
  const absl::Time created = engine_->List(0, 1).rules[0].create_time;
  clocks_.Advance(absl::Minutes(1));
  DesiredRule rule = Block("192.0.2.1", "b");
  rule.until = clocks_.wall() + absl::Hours(1);
  const auto result = Want("web", {rule});
  ASSERT_TRUE(result.ok()) << result.status();
  const policy::Rule present = engine_->List(0, 1).rules[0];
  EXPECT_EQ(present.id, 1u);
  EXPECT_EQ(present.create_time, created);
  EXPECT_EQ(present.comment, "b");
  EXPECT_TRUE(policy::Ends(present));
  EXPECT_EQ(result->rule_changes[0].before->comment, "a");
  // An empty comment is what is wanted, too.
  ASSERT_TRUE(Want("web", {Block("192.0.2.1")}).ok());
  EXPECT_EQ(engine_->List(0, 1).rules[0].comment, "");
  EXPECT_FALSE(policy::Ends(engine_->List(0, 1).rules[0]));
}

TEST_F(EngineDesiredTest, OfARuleThatIsWantedTwiceTheLaterEndCounts) {
  DesiredRule ends = Block("192.0.2.1");
  ends.until = clocks_.wall() + absl::Hours(1);
  ASSERT_TRUE(Want("web", {ends, Block("192.0.2.1"), ends}).ok());
  EXPECT_THAT(Rules(), SizeIs(1));
  EXPECT_FALSE(policy::Ends(engine_->List(0, 1).rules[0]));
}

TEST_F(EngineDesiredTest, RulesThatMoveStayTheSame) {
  ASSERT_TRUE(
      Want("web", {Ordered(1000, "proto tcp"), Ordered(1010, "proto udp")})
          .ok());
  const auto result =
      Want("web", {Ordered(1000, "proto icmp"), Ordered(1010, "proto tcp"),
                   Ordered(1020, "proto udp")});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Judged(),
              ElementsAre("3 order 1000: proto icmp", "1 order 1010: proto tcp",
                          "2 order 1020: proto udp"));
  EXPECT_THAT(result->rule_changes, SizeIs(3));
  // And back, over the history too.
  Change back;
  back.rollback_to = 1;
  ASSERT_TRUE(engine_->Apply(back).ok());
  EXPECT_THAT(Judged(), ElementsAre("1 order 1000: proto tcp",
                                    "2 order 1010: proto udp"));
  Restart();
  EXPECT_THAT(Judged(), ElementsAre("1 order 1000: proto tcp",
                                    "2 order 1010: proto udp"));
}

TEST_F(EngineDesiredTest, RulesThatChangePlacesStayTheSame) {
  ASSERT_TRUE(
      Want("web", {Ordered(10, "proto tcp"), Ordered(20, "proto udp")}).ok());
  ASSERT_TRUE(
      Want("web", {Ordered(10, "proto udp"), Ordered(20, "proto tcp")}).ok());
  EXPECT_THAT(Judged(),
              ElementsAre("2 order 10: proto udp", "1 order 20: proto tcp"));
  ExpectDurable();
}

TEST_F(EngineDesiredTest, OfOneOrderTheDocumentsOrderHolds) {
  ASSERT_TRUE(
      Want("web", {Ordered(10, "proto tcp"), Ordered(10, "proto udp")}).ok());
  ASSERT_TRUE(Want("web", {Ordered(10, "proto icmp"), Ordered(10, "proto udp"),
                           Ordered(10, "proto tcp")})
                  .ok());
  EXPECT_THAT(Judged(),
              ElementsAre("3 order 10: proto icmp", "4 order 10: proto udp",
                          "5 order 10: proto tcp"));
  const std::uint64_t generation = Generation();
  ASSERT_TRUE(Want("web", {Ordered(10, "proto icmp"), Ordered(10, "proto udp"),
                           Ordered(10, "proto tcp")})
                  .ok());
  EXPECT_EQ(Generation(), generation);
}

TEST_F(EngineDesiredTest, SetsAreMadeFilledAndDeleted) {
  DesiredSet kept{.name = "kept"};
  ASSERT_TRUE(Want("web", {}, {Filled("a", {"10.0.0.0/8"}), kept}).ok());
  Change fill;
  fill.sets.push_back(
      {.kind = SetEdit::Kind::kPut,
       .name = "kept",
       .owner = "web",
       .entries = Filled("", {"192.0.2.1", "192.0.2.2"}).entries});
  ASSERT_TRUE(engine_->Apply(fill).ok());
  EXPECT_THAT(Sets(), ElementsAre("a of web: 1", "kept of web: 2"));
  kept.comment = "another";
  const auto result =
      Want("web", {}, {kept, Filled("b", {"10.0.0.0/8", "192.0.2.9"})});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Sets(), ElementsAre("b of web: 2", "kept of web: 2"));
  ASSERT_THAT(result->set_changes, SizeIs(3));
  EXPECT_FALSE(result->set_changes[0].after.has_value());
  EXPECT_FALSE(result->set_changes[1].before.has_value());
  EXPECT_EQ(result->set_changes[2].before->comment, "");
  EXPECT_EQ(result->set_changes[2].after->comment, "another");
  // Back again, and after a restart.
  Change back;
  back.rollback_to = 2;
  ASSERT_TRUE(engine_->Apply(back).ok());
  EXPECT_THAT(Sets(), ElementsAre("a of web: 1", "kept of web: 2"));
  Restart();
  EXPECT_THAT(Sets(), ElementsAre("a of web: 1", "kept of web: 2"));
}

TEST_F(EngineDesiredTest, SetsOfOthersAreNotTouched) {
  ASSERT_TRUE(Want("ops", {}, {Filled("s", {"10.0.0.0/8"})}).ok());
  const auto refused = Want("web", {Block("192.0.2.1")}, {Filled("s", {})});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(util::ReasonOf(refused.status()), "SET_OF_ANOTHER_OWNER");
  EXPECT_EQ(FieldOfDesired(refused.status()), "documents[0].sets[0]");
  EXPECT_THAT(Rules(), IsEmpty());
  EXPECT_THAT(Sets(), ElementsAre("s of ops: 1"));
}

TEST_F(EngineDesiredTest, ASetCanChangeHandsAtOneInstant) {
  ASSERT_TRUE(Want("ops", {}, {Filled("s", {"10.0.0.0/8"})}).ok());
  ASSERT_TRUE(Want("third", {Ordered(10, "from @s")}).ok());
  ASSERT_TRUE(Want({{"web", {}, {Filled("s", {"192.0.2.1", "192.0.2.2"})}},
                    {"ops", {}, {}}})
                  .ok());
  EXPECT_THAT(Sets(), ElementsAre("s of web: 2"));
  ExpectDurable();
  // Not while its owner wants it.
  EXPECT_TRUE(absl::IsInvalidArgument(
      Want({{"web", {}, {Filled("s", {})}}, {"ops", {}, {Filled("s", {})}}})
          .status()));
  EXPECT_THAT(Sets(), ElementsAre("s of web: 2"));
}

TEST_F(EngineDesiredTest, ASetThatAnotherOwnersRuleNamesStays) {
  ASSERT_TRUE(Want({{"ops", {}, {Filled("s", {"10.0.0.0/8"})}},
                    {"web", {Ordered(10, "from @s")}, {}}})
                  .ok());
  const auto refused = Want("ops", {});
  EXPECT_EQ(util::ReasonOf(refused.status()), "SET_IN_USE");
  EXPECT_THAT(Sets(), ElementsAre("s of ops: 1"));
  ASSERT_TRUE(Want({{"ops", {}, {}}, {"web", {}, {}}}).ok());
  EXPECT_THAT(Sets(), IsEmpty());
}

TEST_F(EngineDesiredTest, OwnersAndSetsComeOnce) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      Want({{"web", {}, {}}, {"web", {Block("192.0.2.1")}, {}}}).status()));
  const auto twice = Want("web", {}, {Filled("s", {}), Filled("s", {})});
  EXPECT_TRUE(absl::IsInvalidArgument(twice.status()));
  EXPECT_EQ(FieldOfDesired(twice.status()), "documents[0].sets[1]");
  EXPECT_EQ(Generation(), 0u);
}

TEST_F(EngineDesiredTest, EndsOfEntriesThatAreNearlyTheSameAreTheSame) {
  policy::SetEntries entries;
  entries.Put({*policy::Prefix::Parse("192.0.2.1"), 3600});
  DesiredSet set{.name = "s",
                 .entries = std::make_shared<policy::SetEntries>(entries)};
  ASSERT_TRUE(Want("web", {}, {set}).ok());
  clocks_.Advance(absl::Milliseconds(1500));
  EXPECT_THAT(Want("web", {}, {set})->set_changes, IsEmpty());
  clocks_.Advance(absl::Seconds(10));
  const auto later = Want("web", {}, {set});
  ASSERT_THAT(later->set_changes, SizeIs(1));
  EXPECT_EQ(later->set_changes[0].changed, 1u);
}

TEST_F(EngineDesiredTest, AllOrNothing) {
  ASSERT_TRUE(Want("web", {Block("192.0.2.1")}).ok());
  kernel_.FailNext(dataplane::MemoryDataPlane::Operation::kReplaceOrdered,
                   absl::InternalError("no"));
  EXPECT_FALSE(Want("web", {Block("192.0.2.2"), Ordered(1, "proto tcp")}).ok());
  EXPECT_THAT(Rules(), ElementsAre("1 block source 192.0.2.1/32 of web"));
  ExpectDurable();
}

TEST_F(EngineDesiredTest, CanBeOnlyLookedAtAndTakenBack) {
  Change change;
  change.desired = {{"web", {Block("192.0.2.1")}, {Filled("s", {})}}};
  change.validate_only = true;
  const auto looked = engine_->Apply(change);
  ASSERT_TRUE(looked.ok()) << looked.status();
  EXPECT_THAT(looked->rule_changes, SizeIs(1));
  EXPECT_THAT(looked->set_changes, SizeIs(1));
  EXPECT_THAT(Rules(), IsEmpty());
  change.validate_only = false;
  change.confirm_within = absl::Minutes(1);
  ASSERT_TRUE(engine_->Apply(change).ok());
  EXPECT_THAT(Rules(), SizeIs(1));
  clocks_.Advance(absl::Minutes(2));
  const auto back = engine_->TakeBackOfOverdue();
  ASSERT_TRUE(back.has_value());
  ASSERT_TRUE(engine_->Apply(*back).ok());
  EXPECT_THAT(Rules(), IsEmpty());
  EXPECT_THAT(Sets(), IsEmpty());
}

TEST_F(EngineDesiredTest, MovedRulesAreTakenBackToTheirPlace) {
  ASSERT_TRUE(
      Want("web", {Ordered(10, "proto tcp"), Ordered(20, "proto udp")}).ok());
  Change change;
  change.desired = {
      {"web", {Ordered(10, "proto udp"), Ordered(30, "proto tcp")}, {}}};
  change.confirm_within = absl::Minutes(1);
  ASSERT_TRUE(engine_->Apply(change).ok());
  clocks_.Advance(absl::Minutes(2));
  Restart();
  EXPECT_THAT(Judged(),
              ElementsAre("1 order 10: proto tcp", "2 order 20: proto udp"));
}

TEST_F(EngineDesiredTest, ARetryIsAnsweredOnce) {
  Change change;
  change.desired = {{"web", {Block("192.0.2.1")}, {}}};
  change.request_id = "r";
  ASSERT_TRUE(engine_->Apply(change).ok());
  ASSERT_TRUE(Want("web", {}).ok());
  const auto again = engine_->Apply(change);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->generation, 1u);
  EXPECT_THAT(Rules(), IsEmpty());
  change.desired[0].rules[0].comment = "another";
  EXPECT_EQ(util::ReasonOf(engine_->Apply(change).status()),
            "REQUEST_ID_REUSED");
}

}  // namespace
}  // namespace fwagent::core
