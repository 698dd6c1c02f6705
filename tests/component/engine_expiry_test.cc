// Rules that end: what the engine lists, takes, stores, and makes of clocks
// that are turned.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/component/engine_fixture.h"

namespace fwagent::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Change BlockFor(policy::Match match, Ending ending,
                std::string request_id = "") {
  return {.edits = {{.match = match, .comment = "", .ending = ending}},
          .request_id = request_id};
}
Change Renew(policy::Match match, Ending ending, std::string comment = "") {
  return {.edits = {{.match = match,
                     .comment = std::move(comment),
                     .ending = ending,
                     .renew = true}},
          .request_id = ""};
}

class EngineExpiryTest : public EngineTest {
 protected:
  EngineExpiryTest() : EngineTest(1000) {}

  policy::Rule Applied(const Change& change) {
    auto result = engine_->Apply(change);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->rules.front() : policy::Rule();
  }
  std::vector<policy::Rule> Listed() { return engine_->List(0, 1000).rules; }
  // What the worker does.
  void TakeAwayEnded() {
    const auto change = engine_->RemovalOfEnded();
    if (!change.has_value()) return;
    const auto applied = engine_->Apply(*change);
    EXPECT_TRUE(applied.ok()) << applied.status();
  }
  std::optional<policy::Deadline> EnforcedUntil(const std::string& prefix) {
    const auto enforced = kernel_.ReadSources();
    for (const policy::SourceRule& rule : **enforced) {
      if (rule.prefix.ToString() == prefix) return rule.until;
    }
    return std::nullopt;
  }
};

TEST_F(EngineExpiryTest, TheKernelAndTheDiskKnowTheEnd) {
  const policy::Rule source =
      Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(10)));
  EXPECT_EQ(source.expire_time, clocks_.wall() + absl::Minutes(10));
  EXPECT_EQ(source.until, clocks_.Get().Now().DeadlineIn(absl::Minutes(10)));
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), source.until);
  const policy::Rule ports =
      Applied(BlockFor(Ports(80, 80), clocks_.wall() + absl::Hours(1)));
  EXPECT_EQ((*(*kernel_.ReadPorts())[0])[80],
            policy::PortRule(ports.id, ports.until));
  EXPECT_THAT(Listed(), ElementsAre(source, ports));
  EXPECT_THAT(store_.state().rules, ElementsAre(source, ports));
  EXPECT_EQ(store_.state().boot_id, "boot");
  Restart();
  EXPECT_THAT(Listed(), ElementsAre(source, ports));
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), source.until);
}

TEST_F(EngineExpiryTest, WhatHasEndedIsNotThereAnyMore) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(10)));
  Applied(BlockFor(Source("192.0.2.2"), absl::Minutes(20)));
  Applied(Block(Source("192.0.2.3")));
  clocks_.Advance(absl::Minutes(9));
  EXPECT_THAT(Listed(), SizeIs(3));
  EXPECT_FALSE(engine_->RemovalOfEnded().has_value());
  clocks_.Advance(absl::Minutes(2));
  const RulePage page = engine_->List(0, 1);
  EXPECT_EQ(page.rules.front().id, 2u);
  EXPECT_EQ(page.total, 2u);
  EXPECT_FALSE(page.last);
  EXPECT_TRUE(engine_->List(0, 2).last);
  const auto unblock = engine_->Apply(Unblock(Source("192.0.2.1")));
  EXPECT_EQ(unblock.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(engine_->RemovalOfEnded()->edits, SizeIs(1));
}

TEST_F(EngineExpiryTest, AllThatHaveEndedGoInOneChange) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(10)));
  Applied(BlockFor(Source("2001:db8::/32"), absl::Minutes(10)));
  Applied(BlockFor(Ports(80, 90), absl::Minutes(9)));
  Applied(BlockFor(Source("192.0.2.9"), absl::Minutes(30)));
  Applied(Block(Ports(85, 95)));
  clocks_.Advance(absl::Minutes(11));
  const std::uint64_t generation = engine_->GetStatus().generation;
  const int commits = store_.commits();
  TakeAwayEnded();
  EXPECT_EQ(engine_->GetStatus().generation, generation + 1);
  EXPECT_EQ(store_.commits(), commits + 1);
  ExpectSources({"192.0.2.9/32"});
  EXPECT_EQ(BlockedBy(80), 0u);
  EXPECT_EQ(BlockedBy(85), 5u);
  EXPECT_EQ(engine_->NextDeadline(), EnforcedUntil("192.0.2.9/32"));
}

TEST_F(EngineExpiryTest, AFewOfManyAreTakenAwayOneByOne) {
  Change many;
  for (int i = 0; i < 300; ++i) {
    many.edits.push_back({.match = Source("198.51." + std::to_string(i / 200) +
                                          "." + std::to_string(i % 200)),
                          .comment = ""});
  }
  Applied(many);
  Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(1)));
  Applied(BlockFor(Source("192.0.2.2"), absl::Minutes(1)));
  clocks_.Advance(absl::Minutes(2));
  // Only building anew would fail.
  kernel_.FailNext(dataplane::MemoryDataPlane::Operation::kReplaceSources,
                   absl::ResourceExhaustedError("no memory"));
  TakeAwayEnded();
  EXPECT_EQ(Listed().size(), 300u);
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), std::nullopt);
}

TEST_F(EngineExpiryTest, BlockingAgainWorksAtOnceAndIsANewRule) {
  const policy::Rule first =
      Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(1)));
  const policy::Rule ports = Applied(BlockFor(Ports(80, 80), absl::Minutes(1)));
  clocks_.Advance(absl::Minutes(2));
  const Change removal = engine_->RemovalOfEnded().value();
  const policy::Rule second = Applied(Block(Source("192.0.2.1")));
  EXPECT_EQ(second.id, 3u);
  EXPECT_FALSE(policy::Ends(second));
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), policy::kForever);
  const policy::Rule renewed = Applied(Renew(Ports(80, 80), absl::Hours(1)));
  EXPECT_EQ(renewed.id, 4u) << "there is nothing to renew";
  EXPECT_EQ(BlockedBy(80), 4u);
  // What was to be taken away is another rule now.
  ASSERT_TRUE(engine_->Apply(removal).ok());
  EXPECT_THAT(Listed(), ElementsAre(second, renewed));
  EXPECT_EQ(store_.state().rules, Listed());
}

TEST_F(EngineExpiryTest, WhatIsBlockedIsRefusedUnlessItIsRenewed) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(10)));
  clocks_.Advance(absl::Minutes(5));
  const auto refused =
      engine_->Apply(BlockFor(Source("192.0.2.1"), absl::Minutes(10)));
  EXPECT_EQ(util::ReasonOf(refused.status()), "RULE_EXISTS");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("--renew"));

  const policy::Rule before = Listed().front();
  const std::uint64_t generation = engine_->GetStatus().generation;
  const policy::Rule after =
      Applied(Renew(Source("192.0.2.1"), absl::Minutes(10), "again"));
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.create_time, before.create_time);
  EXPECT_EQ(after.comment, "again");
  EXPECT_EQ(after.expire_time, clocks_.wall() + absl::Minutes(10));
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), after.until);
  EXPECT_EQ(engine_->GetStatus().generation, generation + 1);
  EXPECT_EQ(store_.state().rules, Listed());

  const policy::Rule eternal = Applied(Renew(Source("192.0.2.1"), {}));
  EXPECT_EQ(eternal.comment, "again") << "none given, none changed";
  EXPECT_FALSE(policy::Ends(eternal));
  EXPECT_EQ(engine_->NextDeadline(), policy::kForever);
  EXPECT_EQ(Applied(Renew(Source("192.0.2.2"), {})).id, 2u) << "a new one";
}

TEST_F(EngineExpiryTest, RenewingManyIsOneChange) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(10)));
  Change change = Renew(Source("192.0.2.1"), absl::Hours(2));
  change.edits.push_back({.match = Source("192.0.2.2"),
                          .comment = "",
                          .ending = absl::Hours(2),
                          .renew = true});
  const auto result = engine_->Apply(change);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_THAT(result->rules, SizeIs(2));
  EXPECT_EQ(result->rules[0].id, 1u);
  EXPECT_EQ(result->rules[0].until, result->rules[1].until);
  ExpectSources({"192.0.2.1/32", "192.0.2.2/32"});
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), result->rules[0].until);
}

TEST_F(EngineExpiryTest, ARenewalThatTheKernelRefusesIsUndone) {
  const policy::Rule before =
      Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(10)));
  kernel_.FailNext(dataplane::MemoryDataPlane::Operation::kAddSource,
                   absl::ResourceExhaustedError("no memory"));
  EXPECT_FALSE(engine_->Apply(Renew(Source("192.0.2.1"), absl::Hours(1))).ok());
  EXPECT_THAT(Listed(), ElementsAre(before));
  EXPECT_THAT(store_.state().rules, ElementsAre(before));
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), before.until);
}

TEST_F(EngineExpiryTest, RemovalThatFailsLeavesTheRuleUnlistedForAnotherTry) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Minutes(1)));
  clocks_.Advance(absl::Minutes(2));
  store_.FailOnce(testing::MemoryStore::Call::kCommit,
                  absl::ResourceExhaustedError("disk full"));
  EXPECT_FALSE(engine_->Apply(*engine_->RemovalOfEnded()).ok());
  EXPECT_THAT(Listed(), IsEmpty());
  TakeAwayEnded();
  ExpectSources({});
}

TEST_F(EngineExpiryTest, AWrongEndNamesItsEdit) {
  Change change = BlockFor(Source("192.0.2.1"), absl::Minutes(1));
  change.edits.push_back({.match = Source("192.0.2.2"),
                          .comment = "",
                          .ending = clocks_.wall() - absl::Seconds(1)});
  const auto refused = engine_->Apply(change);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(IndexOfEdit(refused.status()), 1u);
  ExpectSources({});
  EXPECT_EQ(IndexOfEdit(absl::InvalidArgumentError("other")), std::nullopt);
}

TEST_F(EngineExpiryTest, ARetryIsAnsweredAlsoWhenTheEndHasPassed) {
  const Change change =
      BlockFor(Source("192.0.2.1"), clocks_.wall() + absl::Minutes(1), "r-1");
  const policy::Rule first = Applied(change);
  clocks_.Advance(absl::Minutes(2));
  TakeAwayEnded();
  EXPECT_EQ(Applied(change), first);
  EXPECT_THAT(Listed(), IsEmpty());
  for (const Ending& other : {Ending(), Ending(absl::Minutes(1)),
                              Ending(clocks_.wall() + absl::Minutes(1))}) {
    const auto refused =
        engine_->Apply(BlockFor(Source("192.0.2.1"), other, "r-1"));
    EXPECT_EQ(util::ReasonOf(refused.status()), "REQUEST_ID_REUSED");
  }
}

// What stores of earlier versions remember must still be found.
TEST(Fingerprints, OfRequestsWithoutAnEndAreWhatTheyWere) {
  Change change{.edits = {{.match = Source("192.0.2.1"), .comment = "why"}}};
  EXPECT_EQ(Fingerprint(change), "block source 192.0.2.1/32\nwhy");
  change.edits[0].ending = absl::Seconds(1);
  EXPECT_EQ(Fingerprint(change),
            "block source 192.0.2.1/32\nwhy\nfor 1000000000 ns");
  change.edits[0].renew = true;
  EXPECT_EQ(Fingerprint(change),
            "block source 192.0.2.1/32\nwhy\nrenew\nfor 1000000000 ns");
  change.edits[0].ending = absl::FromUnixSeconds(1);
  EXPECT_THAT(Fingerprint(change), HasSubstr("until 1000000000 ns"));
}

TEST_F(EngineExpiryTest, TheWallClockDoesNotMoveAnEnd) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Hours(48)));
  clocks_.Advance(absl::Hours(30));
  const policy::Deadline until = engine_->NextDeadline();
  const int commits = store_.commits();
  for (const absl::Duration set : {absl::Hours(24), -absl::Hours(48)}) {
    clocks_.SetWall(clocks_.wall() + set);
    const absl::Time end = clocks_.wall() + absl::Hours(18);
    const absl::Time shown = Listed().front().expire_time;
    EXPECT_LT(absl::AbsDuration(shown - end), absl::Seconds(1));
    EXPECT_EQ(Listed().front().expire_time, shown);
    ASSERT_TRUE(engine_->RefreshExpiry().ok());
    EXPECT_EQ(store_.state().rules, Listed());
    EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), until);
    EXPECT_EQ(engine_->NextDeadline(), until);
  }
  EXPECT_EQ(store_.commits(), commits + 2);
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  EXPECT_EQ(store_.commits(), commits + 2) << "nobody set the clock";
  clocks_.Advance(absl::Hours(18) + absl::Seconds(1));
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_F(EngineExpiryTest, ARestartGoesByTheBootClock) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Hours(1)));
  const policy::Deadline until = engine_->NextDeadline();
  clocks_.Advance(absl::Minutes(30));
  clocks_.SetWall(clocks_.wall() + absl::Hours(24));
  Restart();
  EXPECT_THAT(Listed(), SizeIs(1)) << "by the wall clock it has ended";
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), until);
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  // So that a reboot is right too.
  clocks_.Reboot(absl::Minutes(10));
  Restart();
  const Moment now = clocks_.Get().Now();
  const policy::Deadline expected = now.DeadlineIn(absl::Minutes(20));
  EXPECT_LE(engine_->NextDeadline() - expected + 1, 2u);
}

TEST_F(EngineExpiryTest, ARebootGoesByTheWallClock) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Hours(1)));
  Applied(BlockFor(Source("192.0.2.2"), absl::Minutes(5)));
  Applied(Block(Source("192.0.2.3")));
  const absl::Time end = Listed().front().expire_time;
  clocks_.Reboot(absl::Minutes(15));
  Restart();
  EXPECT_THAT(Listed(), SizeIs(2));
  EXPECT_EQ(Listed().front().expire_time, end);
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"),
            clocks_.Get().Now().DeadlineIn(absl::Minutes(45)));
  TakeAwayEnded();
  EXPECT_EQ(store_.state().boot_id, "boot") << "not all of them are new yet";
  const int commits = store_.commits();
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  EXPECT_EQ(store_.commits(), commits + 1);
  EXPECT_EQ(store_.state().boot_id, "boot+");
  ExpectSources({"192.0.2.1/32", "192.0.2.3/32"});
}

TEST_F(EngineExpiryTest, UntilTheDiskTakesTheNewDeadlinesTheOldOnesCount) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Hours(1)));
  clocks_.Reboot(absl::Minutes(15));
  Restart();
  store_.FailOnce(testing::MemoryStore::Call::kCommit,
                  absl::ResourceExhaustedError("disk full"));
  EXPECT_FALSE(engine_->RefreshExpiry().ok());
  // A rule of this run beside one of the earlier run.
  Applied(BlockFor(Source("192.0.2.2"), absl::Hours(1)));
  EXPECT_EQ(store_.state().boot_id, "boot");
  clocks_.Advance(absl::Minutes(15));
  Restart();
  const Moment now = clocks_.Get().Now();
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"), now.DeadlineIn(absl::Minutes(30)));
  EXPECT_EQ(EnforcedUntil("192.0.2.2/32"), now.DeadlineIn(absl::Minutes(45)));
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  EXPECT_EQ(store_.state().boot_id, "boot+");
}

TEST_F(EngineExpiryTest, AClockThatCannotBeBelievedLiftsNoBlock) {
  Applied(BlockFor(Source("192.0.2.1"), absl::Hours(1)));
  const absl::Time end = store_.state().rules[0].expire_time;
  clocks_.Reboot(absl::Minutes(15));
  clocks_.SetWall(absl::FromUnixSeconds(100));
  Restart();
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"),
            clocks_.Get().Now().DeadlineIn(absl::Hours(1)));
  ASSERT_TRUE(engine_->RefreshExpiry().ok());
  EXPECT_EQ(store_.state().rules[0].expire_time, end) << "what was known";
  // Another reboot, with a clock that is right.
  clocks_.Reboot(absl::ZeroDuration());
  clocks_.SetWall(end - absl::Minutes(20));
  Restart();
  EXPECT_EQ(EnforcedUntil("192.0.2.1/32"),
            clocks_.Get().Now().DeadlineIn(absl::Minutes(20)));
}

}  // namespace
}  // namespace fwagent::core
