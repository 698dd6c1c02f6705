// What every data plane does with rules for source addresses.
#include <gmock/gmock.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/support/data_plane_contract.h"

namespace fwagent::testing {

using dataplane::ModePreference;
using policy::Family;
using policy::SourceRule;
using policy::SourceVerdict;
using ::testing::HasSubstr;

// --- one at a time -----------------------------------------------------------

TEST_P(DataPlaneContract, NestedSourcesCountForTheLongest) {
  const std::vector<SourceRule> rules = {
      Block("192.0.2.0/24", 1), Block("192.0.2.0/25", 2),
      Block("192.0.2.64/26", 3), Block("192.0.2.127", 4)};
  for (const SourceRule& rule : rules) {
    ASSERT_TRUE(plane().AddSource(rule).ok());
  }
  ExpectSources(rules);
}

TEST_P(DataPlaneContract, TheOrderOfSourcesDoesNotMatter) {
  const std::vector<SourceRule> rules = {
      Block("2001:db8::1", 4), Block("2001:db8::/32", 1),
      Block("2001:db8::/64", 3), Block("2001:db8::/48", 2)};
  for (const SourceRule& rule : rules) {
    ASSERT_TRUE(plane().AddSource(rule).ok());
  }
  ExpectSources(rules);
}

TEST_P(DataPlaneContract, AWholeFamilyCanBeBlockedAndFreedAgain) {
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  ASSERT_TRUE(plane().AddSource(Block("0.0.0.0/0", 2)).ok());
  ExpectSources({Block("192.0.2.1", 1), Block("0.0.0.0/0", 2)},
                {Block("::/0", 3)});
  ASSERT_TRUE(plane().AddSource(Block("::/0", 3)).ok());
  ASSERT_TRUE(plane().RemoveSource(P("0.0.0.0/0")).ok());
  ExpectSources({Block("192.0.2.1", 1), Block("::/0", 3)},
                {Block("0.0.0.0/0", 2)});
}

TEST_P(DataPlaneContract, RemovesOneSourceAndNoOther) {
  const std::vector<SourceRule> rules = {
      Block("192.0.2.0/23", 1), Block("192.0.2.0/24", 2),
      Block("192.0.2.0/25", 3), Block("192.0.2.0/26", 4)};
  ASSERT_TRUE(plane().ReplaceSources(rules).ok());
  EXPECT_TRUE(plane().RemoveSource(P("192.0.2.0/24")).ok());
  ExpectSources({rules[0], rules[2], rules[3]}, rules);
  EXPECT_TRUE(plane().RemoveSource(P("192.0.2.0/23")).ok());
  ExpectSources({rules[2], rules[3]}, rules);
  EXPECT_TRUE(plane().RemoveSource(P("192.0.2.0/26")).ok());
  ExpectSources({rules[2]}, rules);
}

TEST_P(DataPlaneContract, RemovesNothingForAPrefixThatOnlyCoversOrIsCovered) {
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 1)).ok());
  for (const char* other : {"192.0.2.1", "192.0.2.0/23", "2001:db8::/32"}) {
    const absl::Status status = plane().RemoveSource(P(other));
    EXPECT_TRUE(absl::IsNotFound(status)) << other << ": " << status;
    EXPECT_THAT(status.message(), HasSubstr(P(other).ToString()));
  }
  ExpectSources({Block("192.0.2.0/24", 1)});
}

TEST_P(DataPlaneContract, AddingASourceAgainChangesItsRule) {
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 1)).ok());
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/25", 2)).ok());
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 3)).ok());
  ExpectSources({Block("192.0.2.0/24", 3), Block("192.0.2.0/25", 2)});
  ASSERT_TRUE(plane().AddSource(Allow("192.0.2.0/25", 4)).ok());
  ExpectSources({Block("192.0.2.0/24", 3), Allow("192.0.2.0/25", 4)});
  EXPECT_EQ(plane().SourceUsage(Family::kIPv4).prefixes, 2u);
}

// --- verdicts and classes ----------------------------------------------------

TEST_P(DataPlaneContract, AnAllowBeatsBlocksWhateverTheLengths) {
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 1)).ok());
  ASSERT_TRUE(plane().AddSource(Allow("192.0.2.0/25", 2)).ok());
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.7", 3)).ok());
  ExpectSources({Block("192.0.2.0/24", 1), Allow("192.0.2.0/25", 2),
                 Block("192.0.2.7", 3)});
  EXPECT_EQ(world_->MeaningOf(P("192.0.2.7")).verdict, SourceVerdict::kAllow);
  EXPECT_EQ(world_->MeaningOf(P("192.0.2.128")).verdict, SourceVerdict::kBlock);
}

TEST_P(DataPlaneContract, WithoutTheAllowTheBlocksAreBack) {
  const std::vector<SourceRule> blocks = {Block("192.0.2.0/24", 1),
                                          Block("192.0.2.7", 2)};
  ASSERT_TRUE(plane().ReplaceSources(blocks).ok());
  const SourceRule allow = Allow("0.0.0.0/0", 3);
  ASSERT_TRUE(plane().AddSource(allow).ok());
  ExpectSources({blocks[0], blocks[1], allow});
  ASSERT_TRUE(plane().RemoveSource(allow.prefix).ok());
  ExpectSources(blocks, {allow});
}

TEST_P(DataPlaneContract, ClassesAddUpAndChangeNoVerdict) {
  const std::vector<SourceRule> rules = {
      {P("192.0.2.0/24"), 1, SourceVerdict::kNone, 0b001},
      {P("192.0.2.0/25"), 2, SourceVerdict::kBlock, 0b010},
      {P("192.0.2.0/26"), 3, SourceVerdict::kNone, 0b100},
      {P("2001:db8::/32"), 4, SourceVerdict::kAllow, 0b1000}};
  ASSERT_TRUE(plane().ReplaceSources(rules).ok());
  ExpectSources(rules);
  EXPECT_EQ(world_->MeaningOf(P("192.0.2.1")).classes, 0b111u);
  ASSERT_TRUE(plane().RemoveSource(P("192.0.2.0/25")).ok());
  ExpectSources({rules[0], rules[2], rules[3]}, rules);
}

// --- what ends ---------------------------------------------------------------

TEST_P(DataPlaneContract, ReadsBackWhenSourcesEnd) {
  SourceRule both = Allow("2001:db8::1", 4);
  both.until = 7;
  both.block_until = policy::kForever;
  both.block_id = 5;
  std::vector<SourceRule> rules = {Block("192.0.2.0/24", 1),
                                   Block("192.0.2.1", 2), Allow("192.0.2.2", 3),
                                   both};
  rules[1].until = 5;
  rules[2].until = 6;
  ASSERT_TRUE(plane().ReplaceSources(rules).ok());
  ExpectSources(rules);
  EXPECT_EQ(world_->MeaningOf(P("192.0.2.1")).until, policy::kForever);
  EXPECT_EQ(world_->MeaningOf(P("192.0.2.2")).block_until, policy::kForever);
  EXPECT_EQ(world_->MeaningOf(P("2001:db8::1")).block_rule, 5u);
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  world_->Restart();
  const auto adopted = world_->MeaningOf(P("2001:db8::1"));
  EXPECT_EQ(adopted.until, 7u);
  EXPECT_EQ(adopted.block_until, policy::kForever);
}

TEST_P(DataPlaneContract, ASourceThatIsThereMayEndAtAnotherTime) {
  SourceRule rule = Block("192.0.2.1", 1);
  const std::vector<SourceRule> others = {Block("192.0.2.0/24", 2),
                                          Block("2001:db8::/64", 3)};
  for (const SourceRule& other : others) {
    ASSERT_TRUE(plane().AddSource(other).ok());
  }
  for (const policy::Deadline until :
       {policy::kForever, policy::Deadline{5}, policy::Deadline{9},
        policy::kNever, policy::kForever}) {
    rule.until = until;
    ASSERT_TRUE(plane().AddSource(rule).ok());
    ExpectSources({rule, others[0], others[1]});
  }
}

// --- all at once -------------------------------------------------------------

TEST_P(DataPlaneContract, ReadsBackTheSourcesOfBothFamilies) {
  const std::vector<SourceRule> rules = {
      Block("198.51.100.0/24", 1), Block("2001:db8::1/128", 4),
      Block("0.0.0.0/0", 3),       Block("::/0", 5),
      Block("198.51.100.0/25", 2), Allow("2001:db8::/127", 6)};
  ASSERT_TRUE(plane().ReplaceSources(rules).ok());
  ExpectSources(rules);
}

TEST_P(DataPlaneContract, AReplacementLeavesNothingOfTheOldSources) {
  const std::vector<SourceRule> old = {
      Block("192.0.2.0/24", 1), Block("192.0.2.1", 2), Allow("198.51.100.1", 3),
      Block("203.0.113.0/24", 4), Block("2001:db8::/32", 5)};
  const std::vector<SourceRule> next = {
      Block("203.0.113.0/24", 6), Block("198.51.100.0/24", 7),
      Block("192.0.2.0/25", 8), Block("192.0.2.1", 9)};
  ASSERT_TRUE(plane().ReplaceSources(old).ok());
  ASSERT_TRUE(plane().ReplaceSources(next).ok());
  ExpectSources(next, old);
  ASSERT_TRUE(plane().RemoveSource(P("192.0.2.1")).ok());
  EXPECT_TRUE(absl::IsNotFound(plane().RemoveSource(P("2001:db8::/32"))));
  ASSERT_TRUE(plane().ReplaceSources({}).ok());
  ExpectSources({}, next);
}

TEST_P(DataPlaneContract, AReplacementWithAPrefixTwiceChangesNothing) {
  const std::vector<SourceRule> rules = {Block("192.0.2.0/24", 1),
                                         Block("2001:db8::/32", 2)};
  ASSERT_TRUE(plane().ReplaceSources(rules).ok());
  const std::vector<SourceRule> twice = {Block("198.51.100.0/24", 3),
                                         Block("2001:db8::1", 4),
                                         Block("198.51.100.0/24", 5)};
  const absl::Status status = plane().ReplaceSources(twice);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("198.51.100.0/24"));
  ExpectSources(rules, twice);
  ASSERT_TRUE(plane().AddSource(Block("198.51.100.0/24", 6)).ok());
  ExpectSources({rules[0], rules[1], Block("198.51.100.0/24", 6)}, twice);
  // The same address with another length is another prefix.
  EXPECT_TRUE(plane()
                  .ReplaceSources({Block("198.51.100.0/24", 7),
                                   Block("198.51.100.0/25", 8)})
                  .ok());
}

TEST_P(DataPlaneContract, AReplacementThatDoesNotFitChangesNothing) {
  const std::vector<SourceRule> full = {
      Block("2001:db8::1", 1), Block("2001:db8::2", 2), Block("2001:db8::3", 3),
      Block("2001:db8::4", 4), Block("192.0.2.1", 5)};
  ASSERT_TRUE(plane().ReplaceSources(full).ok());
  std::vector<SourceRule> more = {Block("192.0.2.2", 7)};
  for (const char* host : {"2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::3",
                           "2001:db8:1::4", "2001:db8:1::5"}) {
    more.push_back(Block(host, 6));
  }
  const absl::Status status = plane().ReplaceSources(more);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(util::ReasonOf(status), "TABLE_FULL");
  EXPECT_THAT(status.message(), HasSubstr("5 IPv6 source prefixes"));
  ExpectSources(full, more);
  more.pop_back();
  EXPECT_TRUE(plane().ReplaceSources(more).ok());
  ExpectSources(more, full);
}

// --- fullness ----------------------------------------------------------------

TEST_P(DataPlaneContract, RefusesASourceWhenTheTableOfItsFamilyIsFull) {
  std::vector<SourceRule> rules = {Block("192.0.2.1", 1), Block("192.0.2.2", 2),
                                   Block("192.0.2.3", 3),
                                   Block("192.0.2.0/24", 4)};
  for (const SourceRule& rule : rules) {
    ASSERT_TRUE(plane().AddSource(rule).ok());
  }
  const absl::Status status = plane().AddSource(Block("198.51.100.4", 9));
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(util::ReasonOf(status), "TABLE_FULL");
  EXPECT_THAT(status.message(), HasSubstr("IPv4 source table is full (4 of 4"));
  ExpectSources(rules, {Block("198.51.100.4", 9)});
  rules.push_back(Block("2001:db8::/32", 10));
  EXPECT_TRUE(plane().AddSource(rules.back()).ok());
  ExpectSources(rules);
}

TEST_P(DataPlaneContract, AFullTableStillTakesANewRuleForAPrefixInIt) {
  std::vector<SourceRule> rules = {
      Block("192.0.2.0/24", 1), Block("192.0.2.0/25", 2),
      Block("192.0.2.0/26", 3), Block("192.0.2.0/27", 4)};
  ASSERT_TRUE(plane().ReplaceSources(rules).ok());
  rules[2] = Block("192.0.2.0/26", 7);
  EXPECT_TRUE(plane().AddSource(rules[2]).ok());
  ExpectSources(rules);
  EXPECT_FALSE(plane().AddSource(Block("192.0.2.0/28", 8)).ok());
  ASSERT_TRUE(plane().RemoveSource(P("192.0.2.0/25")).ok());
  rules[1] = Block("192.0.2.0/28", 8);
  EXPECT_TRUE(plane().AddSource(rules[1]).ok());
  ExpectSources(rules, {Block("192.0.2.0/25", 2)});
}

TEST_P(DataPlaneContract, SaysHowFullEachFamilyIs) {
  for (const Family family : {Family::kIPv4, Family::kIPv6}) {
    EXPECT_EQ(plane().SourceUsage(family).prefixes, 0u);
    EXPECT_EQ(plane().SourceUsage(family).capacity,
              DataPlaneWorld::kMaxSources);
  }
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 1)).ok());
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/25", 1)).ok());
  EXPECT_EQ(plane().SourceUsage(Family::kIPv4).prefixes, 2u);
  EXPECT_GT(plane().SourceUsage(Family::kIPv4).memory_bytes, 0u);
  EXPECT_EQ(plane().SourceUsage(Family::kIPv6).prefixes, 0u);
  ASSERT_TRUE(plane().RemoveSource(P("192.0.2.0/24")).ok());
  EXPECT_EQ(plane().SourceUsage(Family::kIPv4).prefixes, 1u);
  ASSERT_TRUE(plane().ReplaceSources({Block("2001:db8::/32", 1)}).ok());
  EXPECT_EQ(plane().SourceUsage(Family::kIPv4).prefixes, 0u);
  EXPECT_EQ(plane().SourceUsage(Family::kIPv6).prefixes, 1u);
  EXPECT_GT(plane().SourceUsage(Family::kIPv6).memory_bytes, 0u);
}

TEST_P(DataPlaneContract, SaysItToOtherThreadsWhileSourcesChange) {
  std::atomic<bool> done = false;
  std::thread reader([this, &done] {
    while (!done) {
      EXPECT_LE(plane().SourceUsage(Family::kIPv4).prefixes, 2u);
      EXPECT_EQ(plane().SourceUsage(Family::kIPv6).prefixes, 0u);
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(plane().AddSource(Block("192.0.2.0/24", 1)).ok());
    EXPECT_TRUE(plane().RemoveSource(P("192.0.2.0/24")).ok());
    EXPECT_TRUE(
        plane()
            .ReplaceSources({Block("192.0.2.1", 1), Block("192.0.2.2", 2)})
            .ok());
    EXPECT_TRUE(plane().ReplaceSources({}).ok());
  }
  done = true;
  reader.join();
}

// --- the start of a run ------------------------------------------------------

TEST_P(DataPlaneContract, AnEmptyKernelTakesNoSourceBeforeTheyAreLoaded) {
  world_->Restart();
  for (const absl::Status& status : {plane().AddSource(Block("192.0.2.1", 1)),
                                     plane().RemoveSource(P("192.0.2.1"))}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(util::ReasonOf(status), "SOURCES_NOT_LOADED");
    EXPECT_THAT(status.message(), HasSubstr("load the sources first"));
  }
  ExpectSources({}, {Block("192.0.2.1", 1)});
  ASSERT_TRUE(plane().ReplaceSources({}).ok());
  EXPECT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  ExpectSources({Block("192.0.2.1", 1)});
}

TEST_P(DataPlaneContract, SourcesOfAnEarlierRunHoldUntilTheNextAreLoaded) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  ASSERT_TRUE(
      plane()
          .ReplaceSources({Block("192.0.2.0/24", 1), Allow("192.0.2.7", 2)})
          .ok());
  world_->Restart();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(plane().AddSource(Block("198.51.100.1", 3))));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(plane().RemoveSource(P("192.0.2.0/24"))));
  const auto verdict_of = [this](const char* host) {
    return world_->MeaningOf(P(host)).verdict;
  };
  EXPECT_EQ(verdict_of("192.0.2.6"), SourceVerdict::kBlock);
  EXPECT_EQ(verdict_of("192.0.2.7"), SourceVerdict::kAllow);
  EXPECT_EQ(verdict_of("198.51.100.1"), SourceVerdict::kNone);
  ASSERT_TRUE(plane().ReplaceSources({Block("198.51.100.1", 4)}).ok());
  ExpectSources({Block("198.51.100.1", 4)}, {Block("192.0.2.0/24", 1)});
}

}  // namespace fwagent::testing
