// Images of ordered rules, read by the search of the XDP program.
#include "agent/lookup/rule_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/dice.h"
#include "tests/support/host_rule_search.h"
#include "tests/support/random_match.h"

namespace fwagent::lookup {
namespace {

using fwagent::testing::Dice;
using fwagent::testing::FactsOf;
using fwagent::testing::Holds;
using fwagent::testing::HostRuleSearch;
using fwagent::testing::PacketFacts;
using fwagent::testing::RandomInterfaces;
using fwagent::testing::RandomMatch;
using fwagent::testing::RandomPacket;
using fwagent::testing::RandomSets;
using policy::OrderedRules;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Numbers = std::vector<std::uint32_t>;

OrderedRules RulesOf(const std::vector<std::string>& matches) {
  OrderedRules rules;
  for (const std::string& match : matches) {
    rules.rules.push_back({.id = rules.rules.size() + 100,
                           .match = *policy::PacketMatch::Parse(match, 1000)});
  }
  return rules;
}

absl::StatusOr<RuleImage> ImageOf(const OrderedRules& rules) {
  RuleContext context{.interfaces = RandomInterfaces(),
                      .counters = Numbers(rules.rules.size()),
                      .seed = 77};
  std::iota(context.counters.begin(), context.counters.end(), 9);
  return MakeRuleImage(rules, context);
}

HostRuleSearch SearchIn(const OrderedRules& rules) {
  return HostRuleSearch(*ImageOf(rules));
}

Numbers Expected(const OrderedRules& rules, const PacketFacts& packet) {
  Numbers numbers;
  for (std::uint32_t i = 0; i < rules.rules.size(); ++i) {
    if (Holds(rules.rules[i].match.conditions(), rules.sets, packet)) {
      numbers.push_back(i);
    }
  }
  return numbers;
}

PacketFacts Tcp(const std::string& source, std::uint32_t port) {
  PacketFacts packet;
  packet.source = *policy::Prefix::Parse(source);
  packet.destination = packet.source;
  packet.protocol = 6;
  packet.source_port = 1;
  packet.destination_port = port;
  packet.flags = std::uint8_t{2};
  return packet;
}

void CompareAtRandom(std::uint64_t seed, std::size_t rule_count, int packets) {
  Dice dice(seed);
  std::vector<std::string> matches;
  for (std::size_t i = 0; i < rule_count; ++i) {
    matches.push_back(RandomMatch(dice));
  }
  OrderedRules rules = RulesOf(matches);
  rules.sets = RandomSets(dice);
  HostRuleSearch search = SearchIn(rules);
  for (int i = 0; i < packets; ++i) {
    const PacketFacts packet = RandomPacket(dice);
    const Numbers expected = Expected(rules, packet);
    const Numbers matched = search.Matches(FactsOf(packet));
    ASSERT_EQ(matched, expected)
        << "seed " << seed << ", from " << packet.source.ToString() << " to "
        << packet.destination.ToString();
    // At most one for each word and one for each match, and the last one.
    ASSERT_LE(search.steps(), FW_RULE_WORDS + expected.size() + 1);
  }
  ASSERT_EQ(search.misses(), 0u);
}

TEST(RuleImage, WithoutRulesNothingMatches) {
  HostRuleSearch search = SearchIn({});
  EXPECT_THAT(search.Matches(FactsOf(Tcp("192.0.2.1", 80))), IsEmpty());
  EXPECT_EQ(search.tables().used, 0u);
  EXPECT_EQ(search.tables().count, 0u);
}

TEST(RuleImage, RulesThatAskNothingMatchAll) {
  constexpr std::size_t kCounts[] = {1, 63, 64, 65, 4031, 4032, 4033, 4096};
  for (const std::size_t count : kCounts) {
    const OrderedRules rules = RulesOf(std::vector<std::string>(count, "any"));
    HostRuleSearch search = SearchIn(rules);
    Numbers all(count);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(search.Matches(FactsOf(Tcp("192.0.2.1", 80))), all) << count;
    EXPECT_EQ(search.Matches(FactsOf(Tcp("2001:db8::1", 80))), all) << count;
    EXPECT_EQ(search.misses(), 0u);
  }
}

TEST(RuleImage, AllConditionsOfARuleMustHold) {
  OrderedRules rules = RulesOf({"from 10.0.0.0/8 dport 80", "from @a dport 80",
                                "from !@a", "from @missing", "to !@missing"});
  rules.sets["a"] = {*policy::Prefix::Parse("192.0.2.0/24"),
                     *policy::Prefix::Parse("2001:db8::/32")};
  HostRuleSearch search = SearchIn(rules);
  const auto matches = [&search](const char* source, std::uint32_t port) {
    return search.Matches(FactsOf(Tcp(source, port)));
  };
  EXPECT_THAT(matches("10.1.1.1", 80), ElementsAre(0, 2, 4));
  EXPECT_THAT(matches("10.1.1.1", 81), ElementsAre(2, 4));
  EXPECT_THAT(matches("192.0.2.9", 80), ElementsAre(1, 4));
  EXPECT_THAT(matches("2001:db8::9", 80), ElementsAre(1, 4));
  EXPECT_THAT(matches("2001:db9::9", 80), ElementsAre(2, 4));
}

TEST(RuleImage, RecordsSayWhatBecomesOfThePacket) {
  OrderedRules rules = RulesOf({"dport 1", "shadow",
                                "rate 2/second burst 6 per network block 1h",
                                "rate 64kbytes/second per source"});
  rules.rules[0].until = 50;
  rules.rules[0].action = policy::Action::kPass;
  rules.rules[1].action = policy::Action::kReject;
  rules.rules[2].action = policy::Action::kLimit;
  rules.rules[3].action = policy::Action::kLimit;
  HostRuleSearch search = SearchIn(rules);
  const auto record = [&](std::uint32_t i) {
    return search.line(search.tables().rules + i)->rule;
  };
  EXPECT_EQ(record(0).id, 100u);
  EXPECT_EQ(record(0).until, 50u);
  EXPECT_EQ(record(0).action, FW_RULE_PASS);
  EXPECT_EQ(record(0).fields, 1U << FW_FIELD_DESTINATION_PORT);
  EXPECT_EQ(record(0).counter, 9u);
  EXPECT_EQ(record(0).flags, 0u);
  EXPECT_EQ(record(1).action, FW_RULE_REJECT);
  EXPECT_EQ(record(1).flags, FW_RULE_SHADOW);
  EXPECT_EQ(record(1).until, FW_FOREVER);
  EXPECT_EQ(record(1).counter, 10u);
  const fw_limit packets = record(2).limit;
  constexpr std::uint64_t kSecond = 1'000'000'000ULL << FW_LIMIT_SHIFT;
  EXPECT_EQ(record(2).action, FW_RULE_LIMIT);
  EXPECT_EQ(packets.price, kSecond / 2);
  EXPECT_EQ(packets.tolerance, 3 * kSecond);
  EXPECT_EQ(packets.of_bytes, 0);
  EXPECT_EQ(packets.source_bits[FW_FAMILY_IPV4], 24);
  EXPECT_EQ(packets.source_bits[FW_FAMILY_IPV6], 64);
  EXPECT_EQ(packets.block_ticks, 3'600'000'000'000ULL >> FW_TICK_SHIFT);
  const fw_limit bytes = record(3).limit;
  EXPECT_EQ(bytes.price, kSecond / 64'000 << FW_PRICE_SHIFT);
  EXPECT_EQ(bytes.of_bytes, 1);
  EXPECT_EQ(bytes.source_bits[FW_FAMILY_IPV4], 32);
  EXPECT_EQ(bytes.source_bits[FW_FAMILY_IPV6], 128);
  EXPECT_EQ(bytes.block_ticks, 0u);
  EXPECT_EQ(search.tables().seed, 77u);
}

TEST(RuleImage, OnlyWhatRulesAskForTakesMemory) {
  const RuleImage one = *ImageOf(RulesOf({"vlan 5"}));
  EXPECT_EQ(one.tables.used, 1U << FW_FIELD_VLAN);
  EXPECT_LT(one.lines.size(), 300u);
  EXPECT_LT(one.lines.size(), ImageOf(RulesOf({"dport 5"}))->lines.size());
  EXPECT_FALSE(AsksForInterfaces(RulesOf({"vlan 5", "dport 5"})));
  EXPECT_TRUE(AsksForInterfaces(RulesOf({"vlan 5", "iface eth0"})));
}

TEST(RuleImage, SaysWhatANaiveSearchSays) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CompareAtRandom(seed, Dice(seed).Between(1, 150), 200);
  }
}

TEST(RuleImage, SaysSoWithAsManyRulesAsThereCanBe) {
  CompareAtRandom(1, FW_MAX_RULES, 100);
  CompareAtRandom(2, FW_MAX_RULES - 64, 100);
  CompareAtRandom(3, FW_MAX_RULES - 63, 100);
}

// Each rule takes one port, so that each word of each vector is used.
TEST(RuleImage, TheLastOfAllRulesIsFound) {
  std::vector<std::string> matches;
  for (int port = 0; port < FW_MAX_RULES; ++port) {
    matches.push_back(absl::StrCat("dport ", port));
  }
  HostRuleSearch search = SearchIn(RulesOf(matches));
  for (std::uint32_t port = 0; port < FW_MAX_RULES; ++port) {
    ASSERT_THAT(search.Matches(FactsOf(Tcp("192.0.2.1", port))),
                ElementsAre(port));
  }
  EXPECT_THAT(search.Matches(FactsOf(Tcp("192.0.2.1", FW_MAX_RULES))),
              IsEmpty());
  EXPECT_EQ(search.misses(), 0u);
}

TEST(RuleImage, MoreRulesThanThereCanBeAreRefused) {
  const auto image =
      ImageOf(RulesOf(std::vector<std::string>(FW_MAX_RULES + 1, "any")));
  EXPECT_EQ(image.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(image.status().message(),
              HasSubstr("at most 4096 ordered rules, not 4097"));
}

}  // namespace
}  // namespace fwagent::lookup
