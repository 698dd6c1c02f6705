#include "agent/policy/rule_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace fwagent::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Match Source(const std::string& text) { return *Prefix::Parse(text); }
Match Port(Protocol protocol, std::uint32_t first, std::uint32_t last) {
  return *PortRange::Create(protocol, first, last);
}
Rule MakeRule(RuleId id, Match match) {
  return {.id = id, .match = match, .comment = "", .create_time = {}};
}

const Rule* Find(const RuleSet& rules, const Match& match) {
  return rules.Find({match, Action::kBlock, kDefaultOwner});
}

std::vector<RuleId> Ids(const std::vector<Rule>& rules) {
  std::vector<RuleId> ids;
  ids.reserve(rules.size());
  for (const Rule& rule : rules) ids.push_back(rule.id);
  return ids;
}

TEST(MatchToString, NamesTheKind) {
  EXPECT_EQ(MatchToString(Source("192.0.2.0/24")), "source 192.0.2.0/24");
  EXPECT_EQ(MatchToString(Port(Protocol::kTcp, 443, 443)), "port 443/tcp");
}

TEST(RuleSet, FindsWhatWasAddedAndNothingElse) {
  RuleSet rules;
  ASSERT_TRUE(rules.Add(MakeRule(1, Source("192.0.2.0/24"))).ok());
  ASSERT_TRUE(rules.Add(MakeRule(2, Port(Protocol::kTcp, 80, 90))).ok());
  EXPECT_EQ(Find(rules, Source("192.0.2.0/24"))->id, 1u);
  EXPECT_EQ(Find(rules, Port(Protocol::kTcp, 80, 90))->id, 2u);
  // Rules are found by identity, not by what they cover.
  EXPECT_EQ(Find(rules, Source("192.0.2.0/25")), nullptr);
  EXPECT_EQ(Find(rules, Source("192.0.2.1")), nullptr);
  EXPECT_EQ(Find(rules, Port(Protocol::kTcp, 80, 89)), nullptr);
  EXPECT_EQ(Find(rules, Port(Protocol::kUdp, 80, 90)), nullptr);
}

Rule RuleOf(RuleId id, Match match, Action action, const char* owner) {
  return {.id = id, .match = match, .action = action, .owner = owner};
}

std::vector<RuleId> Ids(const std::vector<const Rule*>& rules) {
  std::vector<RuleId> ids;
  ids.reserve(rules.size());
  for (const Rule* rule : rules) ids.push_back(rule->id);
  return ids;
}

TEST(RuleSet, SeveralMayHoldTheSame) {
  for (const Match& match :
       {Source("192.0.2.1"), Port(Protocol::kTcp, 80, 90)}) {
    RuleSet rules;
    ASSERT_TRUE(rules.Add(RuleOf(4, match, Action::kBlock, "fail2ban")).ok());
    ASSERT_TRUE(rules.Add(RuleOf(2, match, Action::kBlock, "cli")).ok());
    ASSERT_TRUE(rules.Add(RuleOf(3, match, Action::kAllow, "cli")).ok());
    EXPECT_FALSE(rules.Add(RuleOf(5, match, Action::kBlock, "cli")).ok());
    EXPECT_THAT(Ids(rules.HoldersOf(match)), ElementsAre(2, 3, 4));
    EXPECT_EQ(rules.Find({match, Action::kBlock, "fail2ban"})->id, 4u);
    EXPECT_EQ(rules.Find({match, Action::kAllow, "cli"})->id, 3u);
    EXPECT_EQ(rules.Find({match, Action::kAllow, "fail2ban"}), nullptr);

    ASSERT_TRUE(rules.Remove(2).ok());
    EXPECT_THAT(Ids(rules.HoldersOf(match)), ElementsAre(3, 4));
    ASSERT_TRUE(rules.Remove(4).ok());
    ASSERT_TRUE(rules.Remove(3).ok());
    EXPECT_THAT(rules.HoldersOf(match), IsEmpty());
    EXPECT_EQ(rules.SourceCount(Family::kIPv4), 0u);
    EXPECT_THAT(rules.port_rules(), IsEmpty());
  }
}

TEST(RuleSet, APrefixCountsOnceHoweverManyHoldIt) {
  RuleSet rules;
  const Match match = Source("192.0.2.1");
  ASSERT_TRUE(rules.Add(RuleOf(1, match, Action::kBlock, "a")).ok());
  ASSERT_TRUE(rules.Add(RuleOf(2, match, Action::kBlock, "b")).ok());
  EXPECT_EQ(rules.SourceCount(Family::kIPv4), 1u);
  ASSERT_TRUE(rules.Remove(1).ok());
  EXPECT_EQ(rules.SourceCount(Family::kIPv4), 1u);
}

TEST(ValidateOwner, NamesOfPeopleProgramsAndCertificates) {
  for (const char* owner :
       {"cli", "fail2ban", "0", "spiffe://host/ns_a", "ops@example.net"}) {
    EXPECT_TRUE(ValidateOwner(owner).ok()) << owner;
  }
  for (const std::string& owner :
       {std::string(), std::string("-a"), std::string("two words"),
        std::string("tab\t"), std::string("gr\xc3\xbcn"),
        std::string(65, 'a')}) {
    EXPECT_EQ(ValidateOwner(owner).code(), absl::StatusCode::kInvalidArgument)
        << owner;
  }
}

TEST(RuleSet, AMatchIsHeldOnce) {
  RuleSet rules;
  ASSERT_TRUE(rules.Add(MakeRule(7, Source("192.0.2.0/24"))).ok());
  const absl::Status twice = rules.Add(MakeRule(8, Source("192.0.2.0/24")));
  EXPECT_EQ(twice.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(twice.message()),
              HasSubstr("rule 7 of cli says block source 192.0.2.0/24"));
  // The wider and the narrower one are rules of their own.
  EXPECT_TRUE(rules.Add(MakeRule(8, Source("192.0.2.0/23"))).ok());
  EXPECT_TRUE(rules.Add(MakeRule(9, Source("192.0.2.0/25"))).ok());
  EXPECT_EQ(rules.size(), 3u);
}

TEST(RuleSet, AnIdIsHeldOnce) {
  RuleSet rules;
  ASSERT_TRUE(rules.Add(MakeRule(7, Source("192.0.2.1"))).ok());
  for (const Match& match :
       {Source("192.0.2.2"), Port(Protocol::kTcp, 80, 80)}) {
    EXPECT_EQ(rules.Add(MakeRule(7, match)).code(),
              absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(Find(rules, match), nullptr);
  }
  EXPECT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules.SourceCount(Family::kIPv4), 1u);
  EXPECT_THAT(rules.port_rules(), IsEmpty());
}

TEST(RuleSet, RemovesExactlyOne) {
  RuleSet rules;
  ASSERT_TRUE(rules.Add(MakeRule(1, Source("192.0.2.0/24"))).ok());
  ASSERT_TRUE(rules.Add(MakeRule(2, Source("2001:db8::/32"))).ok());
  ASSERT_TRUE(rules.Add(MakeRule(3, Port(Protocol::kUdp, 53, 53))).ok());

  const absl::Status absent = rules.Remove(4);
  EXPECT_EQ(absent.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(absent.message()), HasSubstr("no rule 4"));
  EXPECT_EQ(rules.size(), 3u);

  EXPECT_TRUE(rules.Remove(1).ok());
  EXPECT_EQ(rules.Remove(1).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(rules.SourceCount(Family::kIPv4), 0u);
  EXPECT_EQ(rules.SourceCount(Family::kIPv6), 1u);
  EXPECT_THAT(Ids(rules.Page(0, 10)), ElementsAre(2, 3));
}

TEST(RuleSet, PagesInOrderOfId) {
  RuleSet rules;
  for (const RuleId id : {5u, 1u, 9u, 3u}) {
    ASSERT_TRUE(
        rules.Add(MakeRule(id, Source("192.0.2." + std::to_string(id)))).ok());
  }
  EXPECT_THAT(Ids(rules.Page(0, 2)), ElementsAre(1, 3));
  EXPECT_THAT(Ids(rules.Page(3, 2)), ElementsAre(5, 9));
  EXPECT_THAT(Ids(rules.Page(4, 100)), ElementsAre(5, 9));
  EXPECT_THAT(rules.Page(9, 2), IsEmpty());
  EXPECT_THAT(rules.Page(0, 0), IsEmpty());
  EXPECT_THAT(rules.Page(~RuleId{0}, 2), IsEmpty());
}

// Against a map from text to id.
TEST(RuleSetProperty, BehavesLikeAMap) {
  std::mt19937 random(99);
  RuleSet rules;
  std::map<std::string, RuleId> reference;
  for (RuleId id = 1; id <= 20'000; ++id) {
    const auto n = static_cast<std::uint32_t>(random() % 200 + 1);
    const Match match =
        random() % 2 == 0
            ? Source("192.0.2." + std::to_string(n))
            : Port(kProtocols[random() % kProtocols.size()], n, n + n % 3);
    const std::string key = MatchToString(match);
    if (random() % 2 == 0) {
      EXPECT_EQ(rules.Add(MakeRule(id, match)).ok(),
                reference.emplace(key, id).second);
    } else {
      const Rule* rule = Find(rules, match);
      EXPECT_EQ(rule != nullptr && rules.Remove(rule->id).ok(),
                reference.erase(key) == 1);
    }
    const Rule* found = Find(rules, match);
    EXPECT_EQ(found == nullptr ? 0 : found->id,
              reference.contains(key) ? reference[key] : 0);
    ASSERT_EQ(rules.size(), reference.size());
    ASSERT_EQ(rules.SourceCount(Family::kIPv4) + rules.port_rules().size(),
              reference.size());
  }
}

}  // namespace
}  // namespace fwagent::policy
