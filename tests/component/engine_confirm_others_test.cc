// Changes that are not confirmed, where others have changed something
// meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "agent/store/history_rows.h"
#include "agent/util/errno_status.h"
#include "tests/component/engine_confirm_fixture.h"

namespace fwagent::core {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(EngineConfirmTest, WhatOthersDidMeanwhileStays) {
  Prepare();
  Change unsure = Block(Source("192.0.2.9"));
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.1"),
                          .comment = ""});
  Do(Unsure(unsure));
  Do(Block(Source("192.0.2.10")));
  Do(Unblock(Source("192.0.2.2")));
  Do(Unblock(Ports(12, 22)));
  Do(Fill("list", {"10.7.0.0/16"}, SetEdit::Kind::kPut));
  Do(Delete("other"));
  clocks_.Advance(kPastIt);
  TakeBack();
  const std::string after = Policy();
  EXPECT_THAT(after, Not(HasSubstr("192.0.2.9/32")));
  EXPECT_THAT(after, HasSubstr("1 block of cli source 192.0.2.1/32"));
  EXPECT_THAT(after, HasSubstr("source 192.0.2.10/32"));
  EXPECT_THAT(after, Not(HasSubstr("192.0.2.2/32")));
  EXPECT_THAT(after, HasSubstr("10.7.0.0/16"));
  EXPECT_THAT(after, Not(HasSubstr("other")));
  EXPECT_THAT(after, Not(HasSubstr("port 12")));
}

TEST_F(EngineConfirmTest, RulesThatOthersChangedStayAsTheyAre) {
  Prepare();
  Change unsure = Block(Source("192.0.2.9"));
  unsure.edits.push_back({.match = Source("192.0.2.8"), .comment = ""});
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.1"),
                          .comment = ""});
  unsure.edits.push_back(
      {.match = Source("192.0.2.2"), .comment = "renewed", .renew = true});
  Do(Unsure(unsure));
  Do(Unblock(Source("192.0.2.9")));                       // it added that
  Do(BlockFor("192.0.2.8", absl::Hours(2), true, "me"));  // and that
  Do(BlockFor("192.0.2.1", {}, false, "again"));          // it removed that
  Do(Unblock(Source("192.0.2.2")));                       // it renewed that
  const std::string before = Policy();
  clocks_.Advance(kPastIt);
  const std::uint64_t generation = engine_->GetStatus().generation;
  TakeBack();
  EXPECT_EQ(Policy(), before);
  EXPECT_EQ(engine_->GetStatus().generation, generation)
      << "nothing is left of it";
  Restart();
  EXPECT_EQ(Waiting(), std::nullopt);
}

TEST_F(EngineConfirmTest, WhatOtherOwnersHoldIsTheirs) {
  Do(Block(Source("192.0.2.1")));
  Change unsure = Block(Source("192.0.2.9"));
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.1"),
                          .comment = ""});
  Do(Unsure(unsure));
  Change others = Block(Source("192.0.2.1"));
  others.edits.push_back({.match = Source("192.0.2.9"), .comment = ""});
  for (Edit& edit : others.edits) edit.owner = "fail2ban";
  Do(others);
  clocks_.Advance(kPastIt);
  TakeBack();
  const std::string after = Policy();
  EXPECT_THAT(after, HasSubstr("block of cli source 192.0.2.1/32"));
  EXPECT_THAT(after, HasSubstr("block of fail2ban source 192.0.2.1/32"));
  EXPECT_THAT(after, HasSubstr("block of fail2ban source 192.0.2.9/32"));
  EXPECT_THAT(after, Not(HasSubstr("block of cli source 192.0.2.9/32")));
}

TEST_F(EngineConfirmTest, AnAllowanceIsTakenBackToo) {
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Change allow = Block(Source("192.0.2.1"));
  allow.edits[0].action = policy::Action::kAllow;
  Do(Unsure(allow));
  EXPECT_NE(Policy(), before);
  clocks_.Advance(kPastIt);
  Restart();
  EXPECT_EQ(Policy(), before);
}

TEST_F(EngineConfirmTest, WhatHasEndedMeanwhileStaysEnded) {
  Do(BlockFor("192.0.2.1", absl::Seconds(30)));
  Do(Block(Source("192.0.2.2")));
  Change unsure = Unblock(Source("192.0.2.1"));
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.2"),
                          .comment = ""});
  Do(Unsure(unsure));
  clocks_.Advance(kPastIt);
  TakeBack();
  const auto rules = engine_->List(0, kAll).rules;
  ASSERT_THAT(rules, SizeIs(1));
  EXPECT_EQ(rules[0].id, 2u);
}

// It made a block end soon, and that has ended before it was taken back.
TEST_F(EngineConfirmTest, WhatItMadeEndComesBack) {
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Do(Unsure(BlockFor("192.0.2.1", absl::Seconds(10), true)));
  clocks_.Advance(absl::Seconds(20));
  Do(engine_->RemovalOfEnded().value());
  EXPECT_THAT(engine_->List(0, kAll).rules, IsEmpty());
  clocks_.Advance(kMinute);
  TakeBack();
  EXPECT_EQ(Policy(), before);
}

// Others may have blocked for a while what it unblocked.
TEST_F(EngineConfirmTest, ABlockInItsPlaceThatHasEndedGivesWay) {
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Do(Unsure(Unblock(Source("192.0.2.1"))));
  Do(BlockFor("192.0.2.1", absl::Seconds(10)));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_EQ(Policy(), before);
}

TEST_F(EngineConfirmTest, EntriesThatOthersPutInOrTookOutStaySo) {
  Do(Fill("list", {"10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"}));
  Do(Unsure(Fill("list", {"10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16"})));
  Do(Fill("list", {"10.1.0.0/16", "10.6.0.0/16"}, SetEdit::Kind::kPut));
  Do(Fill("list", {"10.3.0.0/16", "10.4.0.0/16"}, SetEdit::Kind::kErase));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(Policy(),
              HasSubstr("list: 10.1.0.0/16 10.2.0.0/16 10.6.0.0/16\n"));
}

TEST_F(EngineConfirmTest, ASetThatItMadeStaysWithWhatOthersPutIn) {
  Do(Unsure(Fill("list", {"10.1.0.0/16", "10.2.0.0/16"})));
  Do(Fill("list", {"10.2.0.0/16", "10.3.0.0/16"}, SetEdit::Kind::kPut));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(Policy(), HasSubstr("list: 10.3.0.0/16\n"));
}

TEST_F(EngineConfirmTest, ASetThatOthersDeletedStaysDeleted) {
  Do(Fill("list", {"10.1.0.0/16"}));
  Do(Unsure(Fill("list", {"10.2.0.0/16"})));
  Do(Delete("list"));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(engine_->Sets(), IsEmpty());
}

TEST_F(EngineConfirmTest, ASetThatOthersMadeAnewStaysInItsPlace) {
  Do(Fill("list", {"10.1.0.0/16"}));
  Do(Unsure(Delete("list")));
  Do(Fill("list", {"10.2.0.0/16"}));
  clocks_.Advance(kPastIt);
  TakeBack();
  EXPECT_THAT(Policy(), HasSubstr("list: 10.2.0.0/16\n"));
  EXPECT_THAT(Policy(), Not(HasSubstr("10.1.0.0/16")));
}

TEST_F(EngineConfirmTest, ManyChangesMeanwhileDoNotForgetTheWayBack) {
  Do(Fill("list", {"10.1.0.0/16", "10.2.0.0/16"}));
  Do(Block(Source("192.0.2.1")));
  const std::string before = Policy();
  Change unsure = Fill("list", {"10.2.0.0/16", "10.3.0.0/16"});
  unsure.edits.push_back({.kind = Edit::Kind::kRemove,
                          .match = Source("192.0.2.1"),
                          .comment = ""});
  Do(Unsure(unsure, absl::Hours(24)));
  for (std::size_t i = 0; i < store::HistoryRows::kUndoKept / 2 + 100; ++i) {
    Do(Block(Source("198.51.100.1")));
    Do(Unblock(Source("198.51.100.1")));
  }
  EXPECT_EQ(util::ReasonOf(engine_->Apply(RollBack(2)).status()),
            "GENERATION_NOT_KEPT");
  Restart();
  clocks_.Advance(absl::Hours(25));
  TakeBack();
  EXPECT_EQ(Policy(), before);
}

}  // namespace
}  // namespace fwagent::core
