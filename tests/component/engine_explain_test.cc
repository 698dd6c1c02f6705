// Which rules and sets are named for what becomes of a packet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/component/engine_fixture.h"
#include "tests/support/packet.h"

namespace fwagent::core {
namespace {

using policy::Action;
using policy::Prefix;
using policy::Reason;
using policy::SetAction;
using policy::Verdict;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string FrameFrom(const std::string& source, std::uint16_t port) {
  const testing::Bytes bytes =
      (testing::Ethernet{} / testing::IPv4{.src = source} /
       testing::Tcp{.dport = port})
          .ToBytes();
  return std::string(bytes.begin(), bytes.end());
}

std::string TextOf(const Statement& statement) {
  if (const auto* hit = std::get_if<SetHit>(&statement.by)) {
    return absl::StrCat(hit->set.name, " ", hit->entry.prefix.ToString());
  }
  const auto& rule = std::get<policy::Rule>(statement.by);
  return absl::StrCat(policy::ActionName(rule.action), " ",
                      policy::MatchToString(rule.match), " ", rule.owner);
}

class EngineExplainTest : public EngineTest {
 protected:
  EngineExplainTest() : EngineTest(100) {}

  void Add(policy::Match match, Action action = Action::kBlock,
           const std::string& owner = "cli", Ending ending = {}) {
    Change change;
    change.edits.push_back({.match = std::move(match),
                            .comment = {},
                            .ending = ending,
                            .action = action,
                            .owner = owner});
    const auto result = engine_->Apply(change);
    ASSERT_TRUE(result.ok()) << result.status();
  }

  void Fill(const std::string& name, SetAction action,
            const std::vector<std::string>& prefixes) {
    policy::SetEntries::Builder builder;
    for (const auto& text : prefixes) builder.Add({*Prefix::Parse(text)});
    Change change;
    change.sets.push_back(
        {.kind = SetEdit::Kind::kReplace,
         .name = name,
         .create_missing = true,
         .action = action,
         .comment = {},
         .entries = std::make_shared<const policy::SetEntries>(
             std::move(builder).Build())});
    const auto result = engine_->Apply(change);
    ASSERT_TRUE(result.ok()) << result.status();
  }

  // The rule that decided comes first, "-" for none.
  std::vector<std::string> Named(const std::string& frame) {
    const auto explanation = engine_->Explain("", frame);
    EXPECT_TRUE(explanation.ok()) << explanation.status();
    if (!explanation.ok()) return {};
    verdict_ = explanation->judgement.verdict;
    reason_ = explanation->judgement.reason;
    std::vector<std::string> texts = {
        explanation->decided_by ? TextOf(*explanation->decided_by) : "-"};
    for (const Statement& one : explanation->shadowed) {
      texts.push_back(TextOf(one));
    }
    return texts;
  }

  Verdict verdict_ = Verdict::kPass;
  Reason reason_ = Reason::kNoMatch;
};

TEST_F(EngineExplainTest, ABlockBeneathAnAllowIsShadowed) {
  Add(Source("192.0.2.0/24"));
  Add(Source("192.0.0.0/16"), Action::kAllow);
  Add(Ports(22, 22));
  EXPECT_THAT(
      Named(FrameFrom("192.0.2.1", 22)),
      ElementsAre("allow source 192.0.0.0/16 cli",
                  "block source 192.0.2.0/24 cli", "block port 22/tcp cli"));
  EXPECT_EQ(verdict_, Verdict::kPass);
  EXPECT_EQ(reason_, Reason::kSourceAllowed);
  // The twins: beside the block, and beside all of them.
  EXPECT_THAT(Named(FrameFrom("192.0.3.1", 23)),
              ElementsAre("allow source 192.0.0.0/16 cli"));
  EXPECT_THAT(Named(FrameFrom("198.51.100.1", 23)), ElementsAre("-"));
  EXPECT_EQ(reason_, Reason::kNoMatch);
}

TEST_F(EngineExplainTest, APortBlockBehindAnAddressBlockIsShadowed) {
  Add(Source("192.0.2.1"));
  Add(Ports(20, 25));
  EXPECT_THAT(
      Named(FrameFrom("192.0.2.1", 22)),
      ElementsAre("block source 192.0.2.1/32 cli", "block port 20-25/tcp cli"));
  EXPECT_EQ(reason_, Reason::kSourceBlocked);
  EXPECT_THAT(Named(FrameFrom("192.0.2.1", 26)),
              ElementsAre("block source 192.0.2.1/32 cli"));
  EXPECT_THAT(Named(FrameFrom("192.0.2.2", 25)),
              ElementsAre("block port 20-25/tcp cli"));
  EXPECT_EQ(reason_, Reason::kPortBlocked);
}

TEST_F(EngineExplainTest, TheLongestPrefixAndTheNarrowestRangeAreNamed) {
  Add(Source("192.0.0.0/16"));
  Add(Source("192.0.2.0/24"), Action::kBlock, "fail2ban");
  Add(Ports(1, 1000));
  Add(Ports(22, 23));
  EXPECT_THAT(Named(FrameFrom("192.0.2.1", 80)),
              ElementsAre("block source 192.0.2.0/24 fail2ban",
                          "block source 192.0.0.0/16 cli",
                          "block port 1-1000/tcp cli"));
  EXPECT_THAT(
      Named(FrameFrom("198.51.100.1", 22)),
      ElementsAre("block port 22-23/tcp cli", "block port 1-1000/tcp cli"));
}

TEST_F(EngineExplainTest, OfSeveralOwnersWhoeverCameFirst) {
  Add(Source("192.0.2.1"), Action::kBlock, "zeek");
  Add(Source("192.0.2.1"), Action::kBlock, "cli");
  EXPECT_THAT(Named(FrameFrom("192.0.2.1", 80)),
              ElementsAre("block source 192.0.2.1/32 zeek",
                          "block source 192.0.2.1/32 cli"));
}

TEST_F(EngineExplainTest, SetsAreNamedWithTheirEntries) {
  Fill("drop", SetAction::kBlock, {"192.0.2.0/24", "203.0.113.0/24"});
  Fill("office", SetAction::kAllow, {"192.0.2.7"});
  // These say nothing of a packet by themselves.
  Fill("listed", SetAction::kNone, {"192.0.2.7", "203.0.113.0/24"});
  Fill("tried", SetAction::kShadow, {"192.0.2.0/24", "203.0.113.0/24"});
  Add(Source("192.0.2.0/28"));
  EXPECT_THAT(
      Named(FrameFrom("192.0.2.7", 80)),
      ElementsAre("office 192.0.2.7/32", "block source 192.0.2.0/28 cli",
                  "drop 192.0.2.0/24"));
  EXPECT_EQ(verdict_, Verdict::kPass);
  EXPECT_THAT(Named(FrameFrom("203.0.113.9", 80)),
              ElementsAre("drop 203.0.113.0/24"));
  EXPECT_THAT(Named(FrameFrom("203.0.114.9", 80)), ElementsAre("-"));
}

TEST_F(EngineExplainTest, WhatHasEndedSaysNothing) {
  Add(Source("192.0.2.1"), Action::kAllow, "cli", absl::Seconds(10));
  Add(Source("192.0.2.1"));
  EXPECT_THAT(Named(FrameFrom("192.0.2.1", 80)),
              ElementsAre("allow source 192.0.2.1/32 cli",
                          "block source 192.0.2.1/32 cli"));
  clocks_.Advance(absl::Seconds(11));
  kernel_.SetTick(clocks_.Get().Now().tick());
  EXPECT_THAT(Named(FrameFrom("192.0.2.1", 80)),
              ElementsAre("block source 192.0.2.1/32 cli"));
  EXPECT_EQ(verdict_, Verdict::kDrop);
}

TEST_F(EngineExplainTest, NothingIsChanged) {
  Add(Source("192.0.2.1"));
  const auto before = engine_->GetStatus();
  const int commits = store_.commits();
  EXPECT_THAT(Named(FrameFrom("192.0.2.1", 80)), ::testing::SizeIs(1));
  EXPECT_EQ(engine_->GetStatus().etag, before.etag);
  EXPECT_EQ(store_.commits(), commits);
}

TEST_F(EngineExplainTest, AKernelThatRefusesIsAnError) {
  kernel_.FailNext(dataplane::MemoryDataPlane::Operation::kJudge,
                   absl::UnavailableError("no test packets"));
  EXPECT_TRUE(absl::IsUnavailable(
      engine_->Explain("", FrameFrom("192.0.2.1", 80)).status()));
  EXPECT_TRUE(absl::IsNotFound(
      engine_->Explain("eth7", FrameFrom("192.0.2.1", 80)).status()));
}

}  // namespace
}  // namespace fwagent::core
