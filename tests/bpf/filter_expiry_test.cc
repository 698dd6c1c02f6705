// Rules that end, on the clock of the host's uptime.
#include <time.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using FilterExpiryTest = FilterTest;
using policy::Deadline;
using policy::kForever;
using policy::kNever;
using policy::SourceRule;
using policy::SourceVerdict;

constexpr Judgement kAllowed = {FW_VERDICT_PASS, FW_REASON_SOURCE_ALLOWED};
// Past, and years away.
constexpr Deadline kPast = 1;
constexpr Deadline kLate = kForever - 1;

Deadline PresentTick() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const auto nanoseconds =
      static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
      static_cast<std::uint64_t>(now.tv_nsec);
  return static_cast<Deadline>(nanoseconds >> policy::kTickShift);
}

SourceRule Rule(const char* prefix, SourceVerdict verdict, Deadline until) {
  return {.prefix = *policy::Prefix::Parse(prefix),
          .id = 1,
          .verdict = verdict,
          .until = until};
}
SourceRule Block(const char* prefix, Deadline until) {
  return Rule(prefix, SourceVerdict::kBlock, until);
}
SourceRule Allow(const char* prefix, Deadline until,
                 Deadline block_until = kNever) {
  SourceRule rule = Rule(prefix, SourceVerdict::kAllow, until);
  rule.block_until = block_until;
  rule.block_id = 2;
  return rule;
}

Bytes From4(const std::string& src) {
  return (Ethernet{} / IPv4{.src = src} / Tcp{.dport = 80}).ToBytes();
}
Bytes From6(const std::string& src) {
  return (Ethernet{} / IPv6{.src = src} / Tcp{.dport = 80}).ToBytes();
}

// Beside a host that is blocked for ever: the twin.
Case BesideABlock(const std::string& name, std::vector<SourceRule> rules,
                  Bytes frame, Judgement judgement) {
  return {.name = name,
          .rules = {.sources = {"203.0.113.1"}, .more = std::move(rules)},
          .frame = std::move(frame),
          .judgement = judgement,
          .twin = From4("203.0.113.1"),
          .twin_judgement = kSourceBlocked};
}

TEST_F(FilterExpiryTest, ABlockHoldsUntilItsEndWhateverItsLength) {
  std::vector<Case> cases;
  const auto add = [&cases](const std::string& prefix, const Bytes& frame) {
    cases.push_back(BesideABlock(prefix + " holds",
                                 {Block(prefix.c_str(), kLate)}, frame,
                                 kSourceBlocked));
    cases.push_back(BesideABlock(
        prefix + " ended", {Block(prefix.c_str(), kPast)}, frame, kPassed));
  };
  for (const char* prefix :
       {"192.0.0.0/15", "192.0.0.0/16", "192.0.2.0/23", "192.0.2.0/24",
        "192.0.2.0/25", "192.0.2.0/28", "192.0.2.6/31", "192.0.2.7"}) {
    add(prefix, From4("192.0.2.7"));
  }
  for (const char* prefix :
       {"2000::/3", "2001:d00::/24", "2001:db8::/32", "2001:db8::/40",
        "2001:db8::/64", "2001:db8::6/127", "2001:db8::7"}) {
    add(prefix, From6("2001:db8::7"));
  }
  CheckAll(cases);
}

TEST_F(FilterExpiryTest, AnAllowThatEndedUncoversTheBlock) {
  const auto row = [](const char* name, std::vector<SourceRule> rules,
                      Judgement judgement) {
    return BesideABlock(name, std::move(rules), From4("192.0.2.7"), judgement);
  };
  const char* const host = "192.0.2.7";
  const char* const net = "192.0.2.0/24";
  CheckAll({
      row("an allow that holds", {Allow(host, kLate)}, kAllowed),
      row("an allow that ended", {Allow(host, kPast)}, kPassed),
      row("an allow in a block for ever",
          {Allow(host, kLate), Block(net, kForever)}, kAllowed),
      row("one that ended in a block for ever",
          {Allow(host, kPast), Block(net, kForever)}, kSourceBlocked),
      row("one that ended in a block that ended",
          {Allow(host, kPast), Block(net, kPast)}, kPassed),
      row("an outer allow that ended over a block",
          {Allow(net, kPast), Block(host, kLate)}, kSourceBlocked),
      row("an outer allow over a block that ended",
          {Allow(net, kLate), Block(host, kPast)}, kAllowed),
      row("of one prefix, both hold", {Allow(host, kLate, kForever)}, kAllowed),
      row("of one prefix, the allow ended", {Allow(host, kPast, kForever)},
          kSourceBlocked),
      row("of one prefix, both ended", {Allow(host, kPast, kPast + 1)},
          kPassed),
  });
}

// The terms of a member of classes are read from another place.
TEST_F(FilterExpiryTest, MembersOfClassesToo) {
  SourceRule member = Block("192.0.2.7", kLate);
  member.classes = 1;
  SourceRule former = Block("192.0.2.7", kPast);
  former.classes = 1;
  CheckAll({
      BesideABlock("holds", {member}, From4("192.0.2.7"), kSourceBlocked),
      BesideABlock("ended", {former}, From4("192.0.2.7"), kPassed),
  });
}

TEST_F(FilterExpiryTest, PortsToo) {
  const Bytes to_80 = From4("192.0.2.7");
  const Bytes to_81 =
      (Ethernet{} / IPv4{.src = "192.0.2.7"} / Tcp{.dport = 81}).ToBytes();
  CheckAll({
      {"holds",
       {.ports = {{FW_PORT_TCP, 80, 80, kLate}}},
       to_80,
       kPortBlocked,
       to_81},
      {"ended",
       {.ports = {{FW_PORT_TCP, 80, 80, kPast}, {FW_PORT_TCP, 81, 81}}},
       to_80,
       kPassed,
       to_81,
       kPortBlocked},
  });
}

// Asks until the rule ends by itself: blocked at every tick before its end, and
// at none from it on.
void CheckEnd(const std::function<Judgement()>& ask, Deadline until,
              const Judgement& blocked) {
  for (;;) {
    const Deadline before = PresentTick();
    const Judgement judgement = ask();
    if (PresentTick() < until) {
      EXPECT_EQ(judgement, blocked);
    }
    if (before < until) continue;
    EXPECT_EQ(judgement, kPassed);
    return;
  }
}

TEST_F(FilterExpiryTest, WhatEndsEndsWithoutAnybody) {
  const Deadline until = PresentTick() + 3;
  ASSERT_EQ(filter().Block({.more = {Block("192.0.2.7", until),
                                     Block("2001:db8::/64", until)}}),
            absl::OkStatus());
  CheckEnd([] { return filter().Run(From4("192.0.2.7")); }, until,
           kSourceBlocked);
  EXPECT_EQ(filter().Run(From6("2001:db8::7")), kPassed);
  const Deadline of_ports = PresentTick() + 3;
  ASSERT_EQ(filter().Block({.ports = {{FW_PORT_TCP, 80, 80, of_ports}}}),
            absl::OkStatus());
  CheckEnd([] { return filter().Run(From4("192.0.2.7")); }, of_ports,
           kPortBlocked);
}

}  // namespace
}  // namespace fwagent::testing
