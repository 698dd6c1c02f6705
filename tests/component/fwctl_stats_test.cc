// stats, once and watched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fwctl_runner.h"

namespace fwagent::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

fwagent::v1::GetStatsResponse Sample(std::uint64_t passed,
                                     std::uint64_t dropped) {
  fwagent::v1::GetStatsResponse stats;
  auto* interface = stats.add_interfaces();
  interface->set_name("eth0");
  const auto add = [&](fwagent::v1::Verdict verdict, fwagent::v1::Reason reason,
                       std::uint64_t packets) {
    auto* counter = interface->add_counters();
    counter->set_verdict(verdict);
    counter->set_reason(reason);
    counter->set_packets(packets);
    counter->set_bytes(packets * 100);
  };
  add(fwagent::v1::VERDICT_PASS, fwagent::v1::REASON_NO_MATCH, passed);
  add(fwagent::v1::VERDICT_PASS, fwagent::v1::REASON_NOT_IP, 0);
  add(fwagent::v1::VERDICT_DROP, fwagent::v1::REASON_SOURCE_BLOCKED, dropped);
  return stats;
}

class FwctlStats : public ::testing::Test {
 protected:
  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }

  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlStats, LeavesOutZeroRowsUnlessAll) {
  agent_.service().SetStats({Sample(12, 3)});
  EXPECT_EQ(Run({"stats"}).out,
            "eth0\n"
            "  VERDICT  REASON          PACKETS  BYTES\n"
            "  pass     no-match             12   1200\n"
            "  drop     source-blocked        3    300\n"
            "  passed 12 packets (1200 bytes), dropped 3 packets (300 "
            "bytes)\n");
  EXPECT_THAT(Run({"stats", "--all"}).out,
              HasSubstr("  pass     not-ip                0      0\n"));
}

// What was only tried did pass, and what was rejected did not.
TEST_F(FwctlStats, WhatWouldHaveBeenDroppedPassed) {
  auto stats = Sample(12, 3);
  for (const auto& [verdict, packets] :
       {std::pair(fwagent::v1::VERDICT_WOULD_DROP, 5),
        std::pair(fwagent::v1::VERDICT_REJECT, 2)}) {
    auto* counter = stats.mutable_interfaces(0)->add_counters();
    counter->set_verdict(verdict);
    counter->set_reason(fwagent::v1::REASON_RULE);
    counter->set_packets(static_cast<std::uint64_t>(packets));
  }
  agent_.service().SetStats({stats});
  const std::string out = Run({"stats"}).out;
  EXPECT_THAT(out, HasSubstr("would-drop  rule"));
  EXPECT_THAT(out, HasSubstr("passed 17 packets (1200 bytes), dropped 5 "
                             "packets (300 bytes)\n"));
  EXPECT_THAT(out, HasSubstr("of those that passed 5 would have been dropped"));
}

TEST_F(FwctlStats, SaysThatNothingIsGuarded) {
  const FwctlResult result = Run({"stats"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "no interface is guarded\n");
}

TEST_F(FwctlStats, Json) {
  agent_.service().SetStats({Sample(12, 3)});
  EXPECT_THAT(Run({"stats", "-o", "json"}).out,
              AllOf(StartsWith("{\"interfaces\":[{\"name\":\"eth0\""),
                    HasSubstr("{\"verdict\":\"VERDICT_DROP\",\"reason\":"
                              "\"REASON_SOURCE_BLOCKED\",\"packets\":\"3\","
                              "\"bytes\":\"300\"}"),
                    HasSubstr("\"packets\":\"0\"")));
}

TEST_F(FwctlStats, AnUnknownReasonIsItsNumber) {
  auto stats = Sample(1, 0);
  stats.mutable_interfaces(0)->mutable_counters(0)->set_reason(
      static_cast<fwagent::v1::Reason>(99));
  agent_.service().SetStats({stats});
  EXPECT_THAT(Run({"stats"}).out, HasSubstr("pass     99"));
}

TEST_F(FwctlStats, WatchShowsRatesFromTheSecondSampleOn) {
  agent_.service().SetStats({Sample(10, 0), Sample(30, 0), Sample(5, 0)});
  const FwctlResult result = Run({"stats", "--watch=2", "--count", "3"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out,
              HasSubstr("REASON    PACKETS  BYTES  PACKETS/S  BYTES/S\n"));
  EXPECT_THAT(result.out, HasSubstr("no-match       10   1000          -"));
  EXPECT_THAT(result.out,
              HasSubstr("no-match       30   3000         10     1000\n"));
  // Counters that went down began anew.
  EXPECT_THAT(result.out, HasSubstr("no-match        5    500          -"));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(runner_.pauses(),
              ElementsAre(absl::Seconds(2), absl::Seconds(2)));
  EXPECT_EQ(agent_.service().CallCount(), 3);
}

TEST_F(FwctlStats, WatchRedrawsOnATerminal) {
  runner_.surroundings().terminal = true;
  agent_.service().SetStats({Sample(10, 0)});
  const std::string out = Run({"stats", "--watch", "--count", "2"}).out;
  EXPECT_THAT(out, StartsWith("\x1b[H\x1b[J"));
  EXPECT_THAT(out.substr(1), HasSubstr("\x1b[H\x1b[Jeth0"));
  EXPECT_THAT(Run({"stats"}).out, Not(HasSubstr("\x1b")));
}

TEST_F(FwctlStats, WatchInJsonIsALineForEachSample) {
  agent_.service().SetStats({Sample(1, 0), Sample(2, 0)});
  const std::string out =
      Run({"stats", "--watch", "--count", "2", "-o", "json"}).out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
  EXPECT_THAT(out, HasSubstr("}\n{\"interfaces\""));
}

TEST_F(FwctlStats, WatchEndsWhenToldTo) {
  runner_.surroundings().clock.pause = [](absl::Duration) { return false; };
  EXPECT_EQ(Run({"stats", "--watch"}).exit_code, 0);
  EXPECT_EQ(agent_.service().CallCount(), 1);
}

TEST_F(FwctlStats, WatchEndsWithTheAgent) {
  runner_.surroundings().clock.pause = [this](absl::Duration) {
    agent_.service().FailNext({grpc::StatusCode::UNAVAILABLE, "gone"});
    return true;
  };
  const FwctlResult result = Run({"stats", "--watch"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("gone"));
}

}  // namespace
}  // namespace fwagent::testing
