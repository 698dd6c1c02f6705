// Rules of several owners, and rules that allow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/component/engine_fixture.h"

namespace fwagent::core {
namespace {

using policy::Action;
using policy::Prefix;
using policy::SourceVerdict;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = Edit::Kind;

Edit Of(std::string owner, policy::Match match, Action action = Action::kBlock,
        Kind kind = Kind::kAdd) {
  return {.kind = kind,
          .match = std::move(match),
          .comment = {},
          .action = action,
          .owner = std::move(owner)};
}

class EngineOwnerTest : public EngineTest {
 protected:
  EngineOwnerTest() : EngineTest(100) {}

  absl::StatusOr<ChangeResult> Do(Edit edit) {
    Change change;
    change.edits.push_back(std::move(edit));
    return engine_->Apply(change);
  }
  SourceVerdict VerdictOf(const char* host) {
    return kernel_.VerdictOf(*Prefix::Parse(host));
  }
  std::vector<std::string> Owners() {
    std::vector<std::string> owners;
    for (const auto& rule : engine_->List(0, 100).rules) {
      owners.push_back(rule.owner);
    }
    return owners;
  }

  const policy::Match host_ = Source("192.0.2.1");
};

TEST_F(EngineOwnerTest, ABlockStandsUntilTheLastOwnerLetsGo) {
  ASSERT_TRUE(Do(Of("cli", host_)).ok());
  ASSERT_TRUE(Do(Of("fail2ban", host_)).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Do(Of("cli", host_)).status()));
  EXPECT_THAT(Owners(), ElementsAre("cli", "fail2ban"));

  const auto first = Do(Of("cli", host_, Action::kBlock, Kind::kRemove));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(VerdictOf("192.0.2.1"), SourceVerdict::kBlock);
  EXPECT_THAT(engine_->OthersLike(first->rules), SizeIs(1));
  const auto last = Do(Of("fail2ban", host_, Action::kBlock, Kind::kRemove));
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(VerdictOf("192.0.2.1"), SourceVerdict::kNone);
  EXPECT_THAT(engine_->OthersLike(last->rules), IsEmpty());
}

TEST_F(EngineOwnerTest, WhoDoesNotHoldItIsToldWhoDoes) {
  ASSERT_TRUE(Do(Of("fail2ban", host_)).ok());
  ASSERT_TRUE(Do(Of("crowdsec", host_)).ok());
  const absl::Status status =
      Do(Of("cli", host_, Action::kBlock, Kind::kRemove)).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(util::ReasonOf(status), "RULE_NOT_FOUND");
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("not blocked by cli, but by fail2ban, crowdsec"),
                    HasSubstr("--all-owners")));
  const absl::Status allow =
      Do(Of("fail2ban", host_, Action::kAllow, Kind::kRemove)).status();
  EXPECT_EQ(allow.message(), "source 192.0.2.1/32 is not allowed");
}

TEST_F(EngineOwnerTest, AllOwnersLetGoAtOnce) {
  ASSERT_TRUE(Do(Of("cli", host_)).ok());
  ASSERT_TRUE(Do(Of("fail2ban", host_)).ok());
  ASSERT_TRUE(Do(Of("ops", host_, Action::kAllow)).ok());
  Edit edit = Of("cli", host_, Action::kBlock, Kind::kRemove);
  edit.any_owner = true;
  const auto result = Do(edit);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->rules, SizeIs(2));
  EXPECT_THAT(Owners(), ElementsAre("ops")) << "who allows keeps that";
  ASSERT_TRUE(engine_->Apply({.edits = {}, .rollback_to = 3}).ok());
  EXPECT_THAT(Owners(), ElementsAre("cli", "fail2ban", "ops"));
}

TEST_F(EngineOwnerTest, AnAllowBeatsBlocksOfAnyLength) {
  ASSERT_TRUE(Do(Of("cli", Source("192.0.2.0/24"))).ok());
  ASSERT_TRUE(Do(Of("cli", host_)).ok());
  ASSERT_TRUE(Do(Of("cli", Source("192.0.2.0/25"), Action::kAllow)).ok());
  EXPECT_EQ(VerdictOf("192.0.2.1"), SourceVerdict::kAllow);
  EXPECT_EQ(VerdictOf("192.0.2.200"), SourceVerdict::kBlock);
  ASSERT_TRUE(
      Do(Of("cli", Source("192.0.2.0/25"), Action::kAllow, Kind::kRemove))
          .ok());
  EXPECT_EQ(VerdictOf("192.0.2.1"), SourceVerdict::kBlock);
}

TEST_F(EngineOwnerTest, OneOwnerMayAllowAndBlockTheSame) {
  ASSERT_TRUE(Do(Of("cli", host_)).ok());
  ASSERT_TRUE(Do(Of("cli", host_, Action::kAllow)).ok());
  EXPECT_EQ(VerdictOf("192.0.2.1"), SourceVerdict::kAllow);
  Change both;
  both.edits = {Of("cli", host_, Action::kAllow, Kind::kRemove),
                Of("ops", host_, Action::kAllow)};
  ASSERT_TRUE(engine_->Apply(both).ok()) << "at one instant";
  EXPECT_EQ(VerdictOf("192.0.2.1"), SourceVerdict::kAllow);
  EXPECT_THAT(Owners(), ElementsAre("cli", "ops"));
}

TEST_F(EngineOwnerTest, PortsAreBlockedAsLongAsOneOwnerSaysSo) {
  const policy::Match ports = Ports(80, 81);
  ASSERT_TRUE(Do(Of("cli", ports)).ok());
  ASSERT_TRUE(Do(Of("fail2ban", ports)).ok());
  EXPECT_EQ(BlockedBy(80), 1u);
  ASSERT_TRUE(Do(Of("cli", ports, Action::kBlock, Kind::kRemove)).ok());
  EXPECT_EQ(BlockedBy(80), 2u);
  ASSERT_TRUE(Do(Of("fail2ban", ports, Action::kBlock, Kind::kRemove)).ok());
  EXPECT_EQ(BlockedBy(80), 0u);
}

TEST_F(EngineOwnerTest, EachOwnersBlockEndsByItself) {
  Edit shorter = Of("fail2ban", host_);
  shorter.ending = absl::Minutes(1);
  Edit longer = Of("crowdsec", host_);
  longer.ending = absl::Hours(1);
  ASSERT_TRUE(Do(longer).ok());
  ASSERT_TRUE(Do(shorter).ok());
  clocks_.Advance(absl::Minutes(2));
  ASSERT_TRUE(engine_->Apply(*engine_->RemovalOfEnded()).ok());
  EXPECT_THAT(Owners(), ElementsAre("crowdsec"));
  EXPECT_FALSE(engine_->RemovalOfEnded().has_value());
}

TEST_F(EngineOwnerTest, ARestartKeepsOwnersAndActions) {
  ASSERT_TRUE(Do(Of("fail2ban", host_)).ok());
  ASSERT_TRUE(Do(Of("ops", host_, Action::kAllow)).ok());
  const auto before = engine_->List(0, 100).rules;
  Restart();
  EXPECT_EQ(engine_->List(0, 100).rules, before);
  EXPECT_EQ(VerdictOf("192.0.2.1"), SourceVerdict::kAllow);
}

TEST_F(EngineOwnerTest, APrefixOfManyOwnersTakesOnePlace) {
  for (int i = 0; i < 99; ++i) {
    ASSERT_TRUE(Do(Of("cli", Source("198.51.100." + std::to_string(i)))).ok());
  }
  ASSERT_TRUE(Do(Of("cli", host_)).ok());
  EXPECT_TRUE(Do(Of("fail2ban", host_)).ok()) << "the table is full, yet";
  EXPECT_TRUE(absl::IsResourceExhausted(
      Do(Of("fail2ban", Source("192.0.2.2"))).status()));
}

TEST_F(EngineOwnerTest, HistoryNamesOwners) {
  ASSERT_TRUE(Do(Of("fail2ban", host_)).ok());
  ASSERT_TRUE(Do(Of("cli", host_, Action::kAllow)).ok());
  const auto history = engine_->History(100, 10);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ((*history)[1].summary,
            "block source 192.0.2.1/32 (rule 1 of fail2ban)");
  EXPECT_EQ((*history)[0].summary, "allow source 192.0.2.1/32 (rule 2)");
}

}  // namespace
}  // namespace fwagent::core
