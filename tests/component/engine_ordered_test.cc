// Ordered rules, and the sets that they name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_confirm_fixture.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;
using policy::Action;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Edit Ordered(const std::string& match, std::uint32_t order = 1000,
             Action action = Action::kDrop) {
  Edit edit;
  edit.match = *policy::PacketMatch::Parse(match, order);
  edit.action = action;
  return edit;
}

Change Adding(std::vector<Edit> edits) {
  Change change;
  change.edits = std::move(edits);
  return change;
}

Change Removing(std::vector<Edit> edits) {
  for (Edit& edit : edits) edit.kind = Edit::Kind::kRemove;
  return Adding(std::move(edits));
}

class EngineOrderedTest : public EngineConfirmTest {
 protected:
  // What packets meet, in order.
  std::vector<std::string> Enforced() const {
    std::vector<std::string> rules;
    for (const policy::OrderedRule& rule : kernel_.ordered().rules) {
      rules.push_back(absl::StrCat(rule.id, " ",
                                   policy::ActionName(rule.action), " ",
                                   rule.match.ToString()));
    }
    return rules;
  }
  // What a set that rules name has in it there.
  std::string EnforcedSet(const std::string& name) const {
    const auto ordered = kernel_.ordered();
    const auto set = ordered.sets.find(name);
    if (set == ordered.sets.end()) return "not there";
    std::vector<std::string> texts;
    for (const policy::Prefix& prefix : set->second) {
      texts.push_back(prefix.ToString());
    }
    std::sort(texts.begin(), texts.end());
    return absl::StrJoin(texts, ",");
  }
  // Refused, and everything is as it was.
  absl::Status Refused(const Change& change) {
    const std::string before = Policy();
    const policy::OrderedRules enforced = kernel_.ordered();
    const std::uint64_t generation = engine_->GetStatus().generation;
    const auto result = engine_->Apply(change);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(Policy(), before);
    EXPECT_EQ(kernel_.ordered(), enforced);
    EXPECT_EQ(engine_->GetStatus().generation, generation);
    return result.status();
  }
};

TEST_F(EngineOrderedTest, TheLowestOrderIsFirstAndOfEqualOnesTheOldest) {
  EXPECT_THAT(Enforced(), IsEmpty());
  Do(Adding({Ordered("dport 1"), Ordered("dport 2", 5)}));
  Do(Adding({Ordered("dport 3"), Ordered("dport 4", 0, Action::kPass)}));
  EXPECT_THAT(
      Enforced(),
      ElementsAre("4 pass order 0: dport 4", "2 drop order 5: dport 2",
                  "1 drop order 1000: dport 1", "3 drop order 1000: dport 3"));
  Do(Removing({Ordered("dport 2", 5)}));
  Do(Block(Source("192.0.2.1")));
  EXPECT_THAT(Enforced(), ElementsAre("4 pass order 0: dport 4",
                                      "1 drop order 1000: dport 1",
                                      "3 drop order 1000: dport 3"));
}

TEST_F(EngineOrderedTest, ARuleIsItsOrderItsActionAndItsWords) {
  Do(Adding({Ordered("dport 22,80 proto tcp")}));
  EXPECT_EQ(Refused(Adding({Ordered("proto 6 dport 80,22")})).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Refused(Removing({Ordered("proto tcp dport 22,80", 5)})).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Refused(Removing({Ordered("proto tcp dport 22,80", 1000,
                                      Action::kReject)}))
                .code(),
            absl::StatusCode::kNotFound);
  Do(Adding({Ordered("proto tcp dport 22,80", 5),
             Ordered("proto tcp dport 22,80", 1000, Action::kReject)}));
  EXPECT_EQ(Enforced().size(), 3u);
  Do(Removing({Ordered("proto tcp dport 22,80")}));
  EXPECT_THAT(Enforced(),
              ElementsAre("2 drop order 5: proto tcp dport 22,80",
                          "3 reject order 1000: proto tcp dport 22,80"));
}

TEST_F(EngineOrderedTest, OwnersHoldTheirRulesEach) {
  Edit theirs = Ordered("dport 1");
  theirs.owner = "ops";
  Do(Adding({Ordered("dport 1")}));
  Do(Adding({theirs}));
  EXPECT_EQ(Enforced().size(), 2u);
  Do(Removing({Ordered("dport 1")}));
  EXPECT_THAT(Enforced(), ElementsAre("2 drop order 1000: dport 1"));
  EXPECT_EQ(Refused(Removing({Ordered("dport 1")})).code(),
            absl::StatusCode::kNotFound);
  Do(Removing({theirs}));
  EXPECT_THAT(Enforced(), IsEmpty());
}

TEST_F(EngineOrderedTest, RulesEnd) {
  Edit brief = Ordered("dport 1");
  brief.ending = absl::Minutes(1);
  Do(Adding({brief, Ordered("dport 2")}));
  const policy::Deadline end = clocks_.Get().Now().DeadlineIn(absl::Minutes(1));
  EXPECT_EQ(kernel_.ordered().rules[0].until, end);
  EXPECT_EQ(kernel_.ordered().rules[1].until, policy::kForever);
  EXPECT_EQ(engine_->NextDeadline(), end);
  EXPECT_FALSE(engine_->RemovalOfEnded().has_value());
  clocks_.Advance(kPastIt);
  EXPECT_EQ(engine_->List(0, kAll).rules.size(), 1u);
  Do(engine_->RemovalOfEnded().value());
  EXPECT_THAT(Enforced(), ElementsAre("2 drop order 1000: dport 2"));
  brief.ending = absl::Hours(1);
  Do(Adding({brief}));
  brief.renew = true;
  brief.ending = absl::Hours(2);
  Do(Adding({brief}));
  EXPECT_EQ(Enforced().back(), "3 drop order 1000: dport 1");
  EXPECT_EQ(kernel_.ordered().rules[1].until,
            clocks_.Get().Now().DeadlineIn(absl::Hours(2)));
}

TEST_F(EngineOrderedTest, ARestartBringsThemBackInOrder) {
  Do(Fill("office", {"192.0.2.0/24"}));
  Do(Adding({Ordered("from @office dport 1"), Ordered("dport 2", 5)}));
  Do(Adding({Ordered("rate 5/second burst 9 per source block 60s shadow", 7,
                     Action::kLimit)}));
  const std::string before = Policy();
  const policy::OrderedRules enforced = kernel_.ordered();
  Restart();
  EXPECT_EQ(Policy(), before);
  EXPECT_EQ(kernel_.ordered(), enforced);
  EXPECT_THAT(Enforced(),
              ElementsAre("3 drop order 5: dport 2",
                          "4 limit order 7: rate 5/second burst 9 per source "
                          "block 60s shadow",
                          "2 drop order 1000: from @office dport 1"));
  EXPECT_EQ(EnforcedSet("office"), "192.0.2.0/24");
}

TEST_F(EngineOrderedTest, HistorySaysWhatWasDoneAndARollbackUndoesIt) {
  Do(Adding({Ordered("dport 1", 5), Ordered("dport 2")}));
  const std::string before = Policy();
  Do(Removing({Ordered("dport 1", 5)}));
  Do(Adding({Ordered("dport 3", 1)}));
  EXPECT_THAT(Newest().summary, HasSubstr("order 1: dport 3"));
  Do(RollBack(1));
  EXPECT_EQ(Policy(), before);
  EXPECT_THAT(Enforced(), ElementsAre("1 drop order 5: dport 1",
                                      "2 drop order 1000: dport 2"));
  Do(RollBack(0));
  EXPECT_THAT(Enforced(), IsEmpty());
  Restart();
  EXPECT_THAT(Enforced(), IsEmpty());
}

TEST_F(EngineOrderedTest, ARollbackBringsBackTheSetThatARuleNames) {
  Do(Fill("office", {"192.0.2.0/24"}));
  Do(Adding({Ordered("from @office")}));
  Do(Fill("office", {"198.51.100.0/24"}));
  Do(Removing({Ordered("from @office")}));
  Do(Delete("office"));
  Do(RollBack(2));
  EXPECT_THAT(Enforced(), ElementsAre("2 drop order 1000: from @office"));
  EXPECT_EQ(EnforcedSet("office"), "192.0.2.0/24");
  Do(RollBack(1));
  EXPECT_THAT(Enforced(), IsEmpty());
}

TEST_F(EngineOrderedTest, WhatIsNotConfirmedIsTakenBack) {
  Do(Adding({Ordered("dport 1")}));
  const std::string before = Policy();
  const policy::OrderedRules enforced = kernel_.ordered();
  Change change = Adding({Ordered("dport 2", 1)});
  change.edits.push_back(Removing({Ordered("dport 1")}).edits.front());
  Do(Unsure(change));
  EXPECT_THAT(Enforced(), ElementsAre("2 drop order 1: dport 2"));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_EQ(Policy(), before);
  EXPECT_EQ(kernel_.ordered(), enforced);

  Do(Unsure(Adding({Ordered("dport 3")})));
  EXPECT_TRUE(engine_->Confirm(std::nullopt, "someone").ok());
  clocks_.Advance(kPastIt);
  EXPECT_FALSE(engine_->TakeBackOfOverdue().has_value());
  EXPECT_EQ(Enforced().size(), 2u);
}

TEST_F(EngineOrderedTest, ARetryIsAnsweredAndAnotherUseOfItsIdIsRefused) {
  Change change = Adding({Ordered("dport 1")});
  change.request_id = "r-1";
  const auto first = engine_->Apply(change);
  const auto retry = engine_->Apply(change);
  ASSERT_TRUE(first.ok() && retry.ok()) << retry.status();
  EXPECT_EQ(retry->rules, first->rules);
  EXPECT_EQ(retry->generation, 1u);
  // The same in other words is the same.
  Change same = Adding({Ordered("dport 1,1")});
  same.request_id = "r-1";
  EXPECT_TRUE(engine_->Apply(same).ok());
  for (const Edit& other :
       {Ordered("dport 2"), Ordered("dport 1", 5),
        Ordered("dport 1", 1000, Action::kPass), Ordered("dport 1 shadow")}) {
    Change misuse = Adding({other});
    misuse.request_id = "r-1";
    EXPECT_EQ(Refused(misuse).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(EngineOrderedTest, ASetMustBeThereAndIsKeptWhileARuleNamesIt) {
  const absl::Status missing = Refused(Adding({Ordered("to @office")}));
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(util::ReasonOf(missing), "SET_NOT_FOUND");
  EXPECT_THAT(missing.message(), HasSubstr("fwctl set create office"));
  Do(Fill("office", {"192.0.2.0/24"}));
  Do(Fill("other", {"198.51.100.0/24"}));
  Do(Adding({Ordered("to @office")}));
  const absl::Status used = Refused(Delete("office"));
  EXPECT_EQ(used.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(util::ReasonOf(used), "SET_IN_USE");
  EXPECT_THAT(std::string(used.message()),
              HasSubstr("rule 3 (drop order 1000: to @office)"));
  Do(Delete("other"));
  // Together with the rule it can go, and be made.
  Change both = Removing({Ordered("to @office")});
  both.sets = Delete("office").sets;
  Do(both);
  EXPECT_EQ(EnforcedSet("office"), "not there");
  Change make = Adding({Ordered("to @fresh")});
  make.sets = Fill("fresh", {"192.0.2.0/25"}).sets;
  Do(make);
  EXPECT_EQ(EnforcedSet("fresh"), "192.0.2.0/25");
}

TEST_F(EngineOrderedTest, AChangeOfASetReachesTheRulesThatNameIt) {
  Do(Fill("office", {"192.0.2.0/24"}));
  Do(Adding({Ordered("from @office")}));
  Do(Fill("office", {"198.51.100.0/24", "2001:db8::/32"}, SetEdit::Kind::kPut));
  EXPECT_EQ(EnforcedSet("office"),
            "192.0.2.0/24,198.51.100.0/24,2001:db8::/32");
  Do(Fill("office", {"192.0.2.0/24"}, SetEdit::Kind::kErase));
  EXPECT_EQ(EnforcedSet("office"), "198.51.100.0/24,2001:db8::/32");
  Do(Fill("office", {"203.0.113.0/24"}));
  EXPECT_EQ(EnforcedSet("office"), "203.0.113.0/24");
  Do(Fill("unnamed", {"192.0.2.7"}));
  EXPECT_EQ(EnforcedSet("unnamed"), "not there");
  Do(Fill("office", {}));
  EXPECT_EQ(EnforcedSet("office"), "");
  Restart();
  EXPECT_EQ(EnforcedSet("office"), "");
}

TEST_F(EngineOrderedTest, ThereAreOnlySoMany) {
  Change change;
  for (std::size_t i = 0; i < policy::kMaxOrderedRules; ++i) {
    change.edits.push_back(Ordered(absl::StrCat("dport ", i)));
  }
  Change more = change;
  more.edits.push_back(Ordered("dport 65535"));
  const absl::Status at_once = Refused(more);
  EXPECT_EQ(at_once.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(util::ReasonOf(at_once), "TOO_MANY_RULES");
  Do(change);
  const absl::Status one_more = Refused(Adding({Ordered("dport 65535")}));
  EXPECT_EQ(one_more.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(one_more.message(),
              HasSubstr("there would be 4097 ordered rules, and at most 4096"));
  // One for another.
  Change swap = Removing({Ordered("dport 0")});
  swap.edits.push_back(Ordered("dport 65535"));
  Do(swap);
  Do(Block(Source("192.0.2.1")));
  EXPECT_EQ(Enforced().size(), policy::kMaxOrderedRules);
}

TEST_F(EngineOrderedTest, AKernelThatFailsLeavesEverythingAsItWas) {
  Do(Fill("office", {"192.0.2.0/24"}));
  Do(Adding({Ordered("from @office"), Ordered("dport 2")}));
  std::vector<Change> changes = {Adding({Ordered("dport 3")}),
                                 Removing({Ordered("dport 2")}),
                                 Fill("office", {"198.51.100.0/24"})};
  for (const Change& change : changes) {
    kernel_.FailNext(MemoryDataPlane::Operation::kReplaceOrdered,
                     absl::ResourceExhaustedError("no memory"));
    EXPECT_EQ(Refused(change).code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(engine_->GetStatus().trouble, "");
  }
  const std::string before = Policy();
  Restart();
  EXPECT_EQ(Policy(), before);
  for (const Change& change : changes) Do(change);
  EXPECT_EQ(EnforcedSet("office"), "198.51.100.0/24");
}

TEST_F(EngineOrderedTest, OnlyValidatedNothingChanges) {
  Change change = Adding({Ordered("dport 1")});
  change.validate_only = true;
  Do(change);
  EXPECT_THAT(Enforced(), IsEmpty());
  EXPECT_EQ(engine_->GetStatus().generation, 0u);
}

}  // namespace
}  // namespace fwagent::core
