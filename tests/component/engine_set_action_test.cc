// What sets do: block, allow, nothing, or only count what they would block.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_confirm_fixture.h"

namespace fwagent::core {
namespace {

using policy::SetAction;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Change Made(SetAction action, const std::vector<std::string>& prefixes,
            const std::string& name = "list") {
  Change change = Fill(name, prefixes);
  change.sets[0].action = action;
  return change;
}

// Into, or out of, a set that is there.
Change Moved(SetEdit::Kind kind, const std::vector<std::string>& prefixes) {
  Change change = Fill("list", prefixes, kind);
  change.sets[0].create_missing = false;
  return change;
}

Change Updated(SetUpdate update, const std::string& name = "list") {
  Change change;
  change.sets.push_back({.kind = SetEdit::Kind::kUpdate, .name = name});
  change.sets[0].update = std::move(update);
  return change;
}

Change Ordered(const std::string& match, std::uint32_t order = 1000) {
  return {.edits = {{.match = *policy::PacketMatch::Parse(match, order),
                     .action = policy::Action::kDrop}},
          .request_id = ""};
}

class EngineSetActionTest : public EngineConfirmTest {
 protected:
  std::vector<std::string> Sources() {
    std::vector<std::string> texts;
    const auto live = kernel_.ReadSources();
    for (const policy::SourceRule& rule : **live) {
      texts.push_back(absl::StrCat(
          rule.verdict == policy::SourceVerdict::kAllow ? "allow " : "block ",
          rule.prefix.ToString()));
    }
    return texts;
  }
  std::vector<std::string> Rules() const {
    std::vector<std::string> texts;
    for (const policy::OrderedRule& rule : kernel_.ordered().rules) {
      texts.push_back(absl::StrCat(rule.id, " ", rule.match.ToString()));
    }
    return texts;
  }
  std::size_t EntriesOf(const std::string& name) const {
    const auto ordered = kernel_.ordered();
    const auto found = ordered.sets.find(name);
    return found == ordered.sets.end() ? 0 : found->second.size();
  }
};

TEST_F(EngineSetActionTest, ASetThatDoesNothingIsThereForRules) {
  Do(Made(SetAction::kNone, {"192.0.2.0/24", "198.51.100.1"}));
  EXPECT_THAT(Sources(), IsEmpty());
  EXPECT_THAT(Rules(), IsEmpty());
  Do(Ordered("from @list dport 22"));
  EXPECT_THAT(Rules(), ElementsAre("2 order 1000: from @list dport 22"));
  EXPECT_EQ(EntriesOf("list"), 2u);
  Do(Moved(SetEdit::Kind::kPut, {"203.0.113.1"}));
  EXPECT_EQ(EntriesOf("list"), 3u);
  EXPECT_THAT(Sources(), IsEmpty());
}

// What others say of the same prefixes stays as it is.
TEST_F(EngineSetActionTest, WhatDoesNothingLiftsNobodysBlock) {
  Do(Block(Source("192.0.2.1")));
  Do(Made(SetAction::kNone, {"192.0.2.1"}));
  Do(Moved(SetEdit::Kind::kErase, {"192.0.2.1"}));
  Do(Moved(SetEdit::Kind::kPut, {"192.0.2.1"}));
  Do(Made(SetAction::kShadow, {"192.0.2.1"}, "tried"));
  Do(Delete("list"));
  Do(Delete("tried"));
  EXPECT_THAT(Sources(), ElementsAre("block 192.0.2.1/32"));
}

TEST_F(EngineSetActionTest, WhatIsTriedIsCountedBeforeAllRules) {
  Do(Ordered("dport 22", 0));
  Do(Made(SetAction::kShadow, {"192.0.2.0/24"}));
  EXPECT_THAT(Sources(), IsEmpty());
  EXPECT_THAT(Rules(), ElementsAre("2 order 0: from @list shadow",
                                   "1 order 0: dport 22"));
  EXPECT_EQ(EntriesOf("list"), 1u);
  Do(Moved(SetEdit::Kind::kPut, {"2001:db8::/32"}));
  EXPECT_EQ(EntriesOf("list"), 2u);
  Restart();
  EXPECT_EQ(Rules().size(), 2u);
  EXPECT_EQ(EntriesOf("list"), 2u);
  Do(Delete("list"));
  EXPECT_THAT(Rules(), ElementsAre("1 order 0: dport 22"));
}

TEST_F(EngineSetActionTest, AnotherActionTakesEffectAndCanBeTakenBack) {
  Do(Made(SetAction::kShadow, {"192.0.2.0/24", "198.51.100.1"}));
  Do(Updated({.action = SetAction::kBlock}));
  EXPECT_THAT(Rules(), IsEmpty());
  EXPECT_THAT(Sources(),
              ElementsAre("block 192.0.2.0/24", "block 198.51.100.1/32"));
  Do(Updated({.action = SetAction::kAllow}));
  EXPECT_THAT(Sources(),
              ElementsAre("allow 192.0.2.0/24", "allow 198.51.100.1/32"));
  Do(Updated({.action = SetAction::kNone}));
  EXPECT_THAT(Sources(), IsEmpty());
  Restart();
  EXPECT_THAT(Sources(), IsEmpty());
  Do(RollBack(2));
  EXPECT_THAT(Sources(),
              ElementsAre("block 192.0.2.0/24", "block 198.51.100.1/32"));
  Do(RollBack(1));
  EXPECT_THAT(Sources(), IsEmpty());
  EXPECT_EQ(Rules().size(), 1u);
}

TEST_F(EngineSetActionTest, AnUnconfirmedUpdateIsTakenBack) {
  Do(Made(SetAction::kShadow, {"192.0.2.0/24"}));
  Do(Unsure(Updated({.action = SetAction::kBlock})));
  EXPECT_THAT(Sources(), ElementsAre("block 192.0.2.0/24"));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(Sources(), IsEmpty());
  EXPECT_EQ(Rules().size(), 1u);
}

TEST_F(EngineSetActionTest, AnUpdateKeepsEntriesAndWhatItDoesNotName) {
  Do(Made(SetAction::kBlock, {"192.0.2.1"}));
  Do(Updated({.comment = "why"}));
  Do(Updated({.default_ttl = absl::Hours(1)}));
  const policy::SetOutcome set = engine_->Sets().front();
  EXPECT_EQ(set.info.action, SetAction::kBlock);
  EXPECT_EQ(set.info.comment, "why");
  EXPECT_EQ(set.info.default_ttl, absl::Hours(1));
  EXPECT_EQ(set.size, 1u);
  EXPECT_THAT(Sources(), ElementsAre("block 192.0.2.1/32"));
  const std::uint64_t generation = engine_->GetStatus().generation;
  Do(Updated({.comment = "why", .default_ttl = absl::Hours(1)}));
  EXPECT_EQ(engine_->GetStatus().generation, generation);
  EXPECT_TRUE(absl::IsNotFound(
      engine_->Apply(Updated({.comment = "why"}, "other")).status()));
  Change foreign = Updated({.comment = "mine"});
  foreign.sets[0].owner = "other";
  EXPECT_EQ(util::ReasonOf(engine_->Apply(foreign).status()),
            "SET_OF_ANOTHER_OWNER");
}

TEST_F(EngineSetActionTest, AShadowedSetTakesThePlaceOfARule) {
  Change many;
  for (std::size_t i = 0; i < policy::kMaxOrderedRules; ++i) {
    many.edits.push_back(
        {.match = *policy::PacketMatch::Parse(absl::StrCat("dport ", i), 1000),
         .action = policy::Action::kDrop});
  }
  Do(many);
  const auto refused = engine_->Apply(Made(SetAction::kShadow, {"192.0.2.1"}));
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status())) << refused.status();
  Do(Made(SetAction::kNone, {"192.0.2.1"}));
  EXPECT_TRUE(absl::IsResourceExhausted(
      engine_->Apply(Updated({.action = SetAction::kShadow})).status()));
}

}  // namespace
}  // namespace fwagent::core
