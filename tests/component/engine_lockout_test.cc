// Changes that would cut somebody off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/component/engine_fixture.h"

namespace fwagent::core {
namespace {

using policy::Action;
using policy::Prefix;
using policy::SetAction;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Kind = Edit::Kind;

class EngineLockoutTest : public EngineTest {
 protected:
  EngineLockoutTest() : EngineTest(100) {}

  static Lifeline Caller() {
    return {.packet = {.source = *Prefix::Parse("192.0.2.7"),
                       .protocol = policy::Protocol::kTcp,
                       .port_host = 22},
            .who = "the peer of this call"};
  }
  static Lifeline Gateway() {
    return {.packet = {.source = *Prefix::Parse("2001:db8::1")},
            .who = "this host's default gateway"};
  }

  // By somebody who must not be cut off.
  absl::Status Apply(Change change) {
    change.lifelines = {Caller(), Gateway()};
    return engine_->Apply(change).status();
  }
  absl::Status Do(policy::Match match, Action action = Action::kBlock,
                  Kind kind = Kind::kAdd) {
    Change change;
    change.edits.push_back({.kind = kind,
                            .match = std::move(match),
                            .comment = {},
                            .action = action});
    return Apply(std::move(change));
  }
  static Change OfSet(SetEdit::Kind kind, SetAction action,
                      const std::vector<std::string>& prefixes) {
    policy::SetEntries::Builder builder;
    for (const auto& text : prefixes) builder.Add({*Prefix::Parse(text)});
    Change change;
    change.sets.push_back(
        {.kind = kind,
         .name = "some",
         .create_missing = true,
         .action = action,
         .comment = {},
         .entries = std::make_shared<const policy::SetEntries>(
             std::move(builder).Build())});
    return change;
  }

  void ExpectRefused(const absl::Status& status, const std::string& text) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(util::ReasonOf(status), "LOCKOUT");
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(text), HasSubstr("--force")));
  }
  void ExpectDone(const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
  }
};

TEST_F(EngineLockoutTest, ABlockOfTheCallerIsRefusedAndChangesNothing) {
  ExpectRefused(Do(Source("192.0.2.0/24")),
                "this would cut off 192.0.2.7, the peer of this call at port "
                "22/tcp: block source 192.0.2.0/24");
  ExpectRefused(Do(Source("0.0.0.0/0")), "cut off 192.0.2.7");
  ExpectRefused(Do(Source("2001:db8::/32")),
                "2001:db8::1, this host's default gateway: block source");
  EXPECT_EQ(store_.commits(), 0);
  ExpectSources({});
  // The twins, beside them.
  ExpectDone(Do(Source("192.0.3.0/24")));
  ExpectDone(Do(Source("192.0.2.8/29")));
  ExpectDone(Do(Source("2001:db9::/32")));
}

TEST_F(EngineLockoutTest, ABlockOfTheCallersPortIsRefused) {
  ExpectRefused(Do(Ports(1, 1000)), "block port 1-1000/tcp");
  ExpectDone(Do(Ports(23, 1000)));
  const policy::Match udp =
      *policy::PortRange::Create(policy::Protocol::kUdp, 22, 22);
  ExpectDone(Do(udp));
}

TEST_F(EngineLockoutTest, WhoIsAllowedCannotBeCutOffByABlock) {
  ExpectDone(Do(Source("192.0.2.7"), Action::kAllow));
  ExpectDone(Do(Source("192.0.2.0/24")));
  ExpectDone(Do(Ports(22, 22)));
  ExpectRefused(Do(Source("192.0.2.7"), Action::kAllow, Kind::kRemove),
                "block source 192.0.2.0/24 (rule 2)");
}

TEST_F(EngineLockoutTest, WhoIsForcedIsNotAsked) {
  Change change = Block(Source("192.0.2.0/24"));
  change.force = true;
  ExpectDone(Apply(change));
  // Who is cut off already is not cut off by what comes then.
  ExpectDone(Do(Source("192.0.2.7")));
  ExpectDone(Do(Ports(22, 22)));
  ExpectDone(Do(Source("192.0.2.0/24"), Action::kBlock, Kind::kRemove));
}

TEST_F(EngineLockoutTest, AnEndedAllowanceDoesNotHelp) {
  Change change;
  change.edits.push_back({.match = Source("192.0.2.7"),
                          .comment = {},
                          .ending = absl::Seconds(10),
                          .action = Action::kAllow});
  ExpectDone(Apply(change));
  ExpectDone(Do(Source("192.0.2.0/25")));
  clocks_.Advance(absl::Seconds(11));
  ExpectDone(Do(Source("192.0.2.0/25"), Action::kBlock, Kind::kRemove));
  ExpectRefused(Do(Source("192.0.2.0/24")), "block source 192.0.2.0/24");
}

TEST_F(EngineLockoutTest, SetsCount) {
  using enum SetEdit::Kind;
  ExpectRefused(
      Apply(OfSet(kReplace, SetAction::kBlock, {"192.0.2.0/24", "::/0"})),
      "block source 192.0.2.0/24 (set some)");
  ExpectDone(Apply(OfSet(kReplace, SetAction::kBlock, {"198.51.100.0/24"})));
  // One entry, which changes the set in place, and two.
  ExpectRefused(Apply(OfSet(kPut, SetAction::kBlock, {"192.0.2.7"})),
                "block source 192.0.2.7/32 (set some)");
  ExpectRefused(
      Apply(OfSet(kPut, SetAction::kBlock, {"192.0.2.7", "203.0.113.0/24"})),
      "(set some)");
  ExpectDone(Apply(OfSet(kPut, SetAction::kBlock, {"192.0.2.6"})));
}

TEST_F(EngineLockoutTest, WhoIsInAnAllowingSetNeedsIt) {
  using enum SetEdit::Kind;
  ExpectDone(Apply(OfSet(kReplace, SetAction::kAllow, {"192.0.2.7", "::/0"})));
  ExpectDone(Do(Source("192.0.2.0/24")));
  ExpectRefused(Apply(OfSet(kErase, SetAction::kAllow, {"192.0.2.7"})),
                "block source 192.0.2.0/24");
  ExpectRefused(Apply(OfSet(kReplace, SetAction::kAllow, {"::/0"})),
                "block source 192.0.2.0/24");
  Change gone;
  gone.sets.push_back({.kind = kDelete, .name = "some", .comment = {}});
  ExpectRefused(Apply(gone), "block source 192.0.2.0/24");
  ExpectDone(Apply(OfSet(kErase, SetAction::kAllow, {"::/0"})));
}

TEST_F(EngineLockoutTest, ARollbackCounts) {
  Change change = Block(Source("192.0.2.0/24"));
  change.force = true;
  ExpectDone(Apply(change));                                              // 1
  ExpectDone(Do(Source("192.0.2.0/24"), Action::kBlock, Kind::kRemove));  // 2
  ExpectDone(Do(Source("198.51.100.1")));                                 // 3
  Change back;
  back.rollback_to = 1;
  ExpectRefused(Apply(back), "block source 192.0.2.0/24 (rule 1)");
  back.rollback_to = 2;
  ExpectDone(Apply(back));
}

TEST_F(EngineLockoutTest, WhereTheDefaultIsToDropAnAllowanceIsNeeded) {
  ExpectDone(Do(Source("192.0.2.0/24"), Action::kAllow));
  kernel_.SetDropsByDefault(true);
  ExpectRefused(Do(Source("192.0.2.0/24"), Action::kAllow, Kind::kRemove),
                "nothing would allow it any more");
  ExpectDone(Do(Source("192.0.2.7"), Action::kAllow));
  ExpectDone(Do(Source("192.0.2.0/24"), Action::kAllow, Kind::kRemove));
  kernel_.SetDropsByDefault(false);
  ExpectDone(Do(Source("192.0.2.7"), Action::kAllow, Kind::kRemove));
}

TEST_F(EngineLockoutTest, OrderedRulesCount) {
  const auto rule = [](const char* words, std::uint32_t order) {
    return policy::Match(*policy::PacketMatch::Parse(words, order));
  };
  ExpectRefused(Do(rule("dport 22", 10), Action::kDrop), "drop order 10: ");
  ExpectRefused(Do(rule("from 192.0.2.0/24 dport 20-30", 10), Action::kReject),
                "reject order 10: ");
  ExpectDone(Do(rule("dport 23", 10), Action::kDrop));
  ExpectDone(Do(rule("dport 22 shadow", 10), Action::kDrop));
  // One that lets the caller pass goes before, and is needed then.
  ExpectDone(Do(rule("from 192.0.2.7 dport 22", 5), Action::kPass));
  ExpectDone(Do(rule("dport 22", 10), Action::kDrop));
  ExpectDone(Do(Ports(22, 22)));
  ExpectRefused(
      Do(rule("from 192.0.2.7 dport 22", 5), Action::kPass, Kind::kRemove),
      "drop order 10: ");
}

TEST_F(EngineLockoutTest, ATrialRunSaysItToo) {
  Change change = Block(Source("192.0.2.0/24"));
  change.validate_only = true;
  ExpectRefused(Apply(change), "cut off 192.0.2.7");
  change.force = true;
  ExpectDone(Apply(change));
}

TEST_F(EngineLockoutTest, WhatNobodyAskedForIsNotHeldBack) {
  EXPECT_TRUE(engine_->Apply(Block(Source("0.0.0.0/0"))).ok());
}

}  // namespace
}  // namespace fwagent::core
