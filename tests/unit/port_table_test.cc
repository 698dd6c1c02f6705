#include "agent/policy/port_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <tuple>
#include <vector>

namespace fwagent::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PortRange Ports(Protocol protocol, std::uint32_t first, std::uint32_t last) {
  return *PortRange::Create(protocol, first, last);
}
PortRange Tcp(std::uint32_t first, std::uint32_t last) {
  return Ports(Protocol::kTcp, first, last);
}
std::vector<PortRun> CompiledRuns(const PortRules& rules) {
  return PortRuns(Protocol::kTcp, CompilePortTable(rules, Protocol::kTcp));
}

TEST(CompilePortTable, IsEmptyWithoutARuleOfTheProtocol) {
  EXPECT_THAT(CompilePortTable({}, Protocol::kTcp), IsEmpty());
  const PortRules udp = {{Ports(Protocol::kUdp, 53, 53), 1}};
  EXPECT_THAT(CompilePortTable(udp, Protocol::kTcp), IsEmpty());
  EXPECT_THAT(CompilePortTable(udp, Protocol::kSctp), IsEmpty());
  EXPECT_THAT(CompilePortTable(udp, Protocol::kUdp), SizeIs(65536));
}

TEST(CompilePortTable, BothEndsAreIncluded) {
  const PortTable table =
      CompilePortTable({{Tcp(8000, 8100), 7}}, Protocol::kTcp);
  EXPECT_EQ(table[7999], 0u);
  EXPECT_EQ(table[8000], 7u);
  EXPECT_EQ(table[8100], 7u);
  EXPECT_EQ(table[8101], 0u);
  EXPECT_EQ(table[0], 0u);
}

TEST(CompilePortTable, ReachesTheLastPortAndNeverPortZero) {
  const PortTable table =
      CompilePortTable({{Tcp(1, 65535), 1}}, Protocol::kTcp);
  ASSERT_THAT(table, SizeIs(65536));
  EXPECT_EQ(table[0], 0u);
  EXPECT_EQ(table[1], 1u);
  EXPECT_EQ(table[65535], 1u);
}

TEST(CompilePortTable, TheNarrowestNamesTheRule) {
  EXPECT_THAT(
      CompiledRuns({{Tcp(1, 100), 1}, {Tcp(40, 60), 2}, {Tcp(50, 50), 3}}),
      ElementsAre(PortRun{Tcp(1, 39), 1}, PortRun{Tcp(40, 49), 2},
                  PortRun{Tcp(50, 50), 3}, PortRun{Tcp(51, 60), 2},
                  PortRun{Tcp(61, 100), 1}));
}

TEST(CompilePortTable, AmongEqualWidthsTheLowestIdWins) {
  EXPECT_THAT(CompiledRuns({{Tcp(10, 19), 9}, {Tcp(15, 24), 4}}),
              ElementsAre(PortRun{Tcp(10, 14), 9}, PortRun{Tcp(15, 24), 4}));
  EXPECT_THAT(CompiledRuns({{Tcp(10, 19), 4}, {Tcp(15, 24), 9}}),
              ElementsAre(PortRun{Tcp(10, 19), 4}, PortRun{Tcp(20, 24), 9}));
}

TEST(CompilePortTable, WhatEndsLastStandsForAll) {
  EXPECT_THAT(CompiledRuns({{Tcp(1, 100), {1, 50}}, {Tcp(40, 60), {2, 40}}}),
              ElementsAre(PortRun{Tcp(1, 100), 1, 50}));
  EXPECT_THAT(CompiledRuns({{Tcp(1, 100), {1, 50}}, {Tcp(40, 60), 2}}),
              ElementsAre(PortRun{Tcp(1, 39), 1, 50}, PortRun{Tcp(40, 60), 2},
                          PortRun{Tcp(61, 100), 1, 50}));
  // Of those that end together it is as if they did not.
  EXPECT_THAT(
      CompiledRuns({{Tcp(1, 100), {1, 50}}, {Tcp(40, 60), {2, 50}}}),
      ElementsAre(PortRun{Tcp(1, 39), 1, 50}, PortRun{Tcp(40, 60), 2, 50},
                  PortRun{Tcp(61, 100), 1, 50}));
}

TEST(PortRuns, GapsAndNeighboursAreKeptApart) {
  PortTable table(65536, 0);
  table[1] = 5;
  table[2] = 5;
  table[3] = 6;
  table[5] = 6;
  table[65535] = 5;
  EXPECT_THAT(
      PortRuns(Protocol::kTcp, table),
      ElementsAre(PortRun{Tcp(1, 2), 5}, PortRun{Tcp(3, 3), 6},
                  PortRun{Tcp(5, 5), 6}, PortRun{Tcp(65535, 65535), 5}));
  EXPECT_THAT(PortRuns(Protocol::kTcp, {}), IsEmpty());
  EXPECT_THAT(PortRuns(Protocol::kTcp, PortTable(65536, 0)), IsEmpty());
}

// Asks every rule about every port.
PortTable NaiveTable(const PortRules& rules, Protocol protocol) {
  PortTable table(65536, 0);
  bool any = false;
  std::vector<int> width(65536, 1 << 20);
  for (const auto& [range, rule] : rules) {
    if (range.protocol() != protocol) continue;
    any = true;
    const int own = range.last() - range.first();
    for (std::size_t port = range.first(); port <= range.last(); ++port) {
      const PortRule& old = table[port];
      if (old.id == 0 || std::make_tuple(rule.until, width[port], old.id) >
                             std::make_tuple(old.until, own, rule.id)) {
        width[port] = own;
        table[port] = rule;
      }
    }
  }
  return any ? table : PortTable();
}

Deadline RandomDeadline(std::mt19937& random) {
  return random() % 2 == 0 ? kForever : static_cast<Deadline>(random() % 4);
}

PortRules RandomRules(std::mt19937& random, std::size_t count) {
  PortRules rules;
  const auto spread = static_cast<std::uint32_t>(random() % 65535 + 1);
  for (RuleId id = 1; id <= count; ++id) {
    const auto first = static_cast<std::uint32_t>(random() % 65535 + 1);
    const auto width = static_cast<std::uint32_t>(random() % spread);
    // Random ids, so that order of insertion and order of id differ.
    rules.emplace(
        Ports(kProtocols[random() % kProtocols.size()], first,
              std::min(first + width, 65535u)),
        PortRule(random() % 1000 * count + id, RandomDeadline(random)));
  }
  return rules;
}

TEST(PortTableProperty, AgreesWithAskingEveryRule) {
  std::mt19937 random(2718);
  for (const std::size_t count : {1u, 2u, 3u, 10u, 30u, 100u, 300u}) {
    for (int round = 0; round < 5; ++round) {
      const PortRules rules = RandomRules(random, count);
      for (const Protocol protocol : kProtocols) {
        ASSERT_EQ(CompilePortTable(rules, protocol),
                  NaiveTable(rules, protocol))
            << count << " rules, round " << round;
      }
    }
  }
}

TEST(PortTableProperty, RunsRebuildTheTable) {
  std::mt19937 random(3141);
  for (int round = 0; round < 20; ++round) {
    const PortTable table =
        CompilePortTable(RandomRules(random, 200), Protocol::kUdp);
    PortTable rebuilt(65536, 0);
    for (const PortRun& run : PortRuns(Protocol::kUdp, table)) {
      for (std::size_t port = run.ports.first(); port <= run.ports.last();
           ++port) {
        rebuilt[port] = {run.rule_id, run.until};
      }
    }
    ASSERT_EQ(rebuilt, table);
  }
}

}  // namespace
}  // namespace fwagent::policy
