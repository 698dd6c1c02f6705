// Tables of several kinds change at one instant, and not before they were
// tried.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <atomic>
#include <thread>
#include <vector>

#include "agent/dataplane/trial.h"
#include "tests/bpf/kernel_world.h"
#include "tests/support/require_bpf.h"
#include "tests/support/sanitizer.h"

namespace fwagent::dataplane {
namespace {

using policy::Prefix;
using policy::SourceRule;
using policy::SourceVerdict;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class OneInstantTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::SkipUnless(testing::BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    auto world = testing::KernelWorld::Create();
    ASSERT_TRUE(world.ok()) << world.status();
    world_ = *std::move(world);
    world_->AddInterface("fw0", true);
    by_port_.resize(65536);
    by_port_[9] = policy::PortRule(1);
    ASSERT_TRUE(BlockBySource().ok());
    ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  }

  DataPlane& plane() { return world_->plane(); }

  // Two policies that each drop the packets of the world, for another reason.
  NewTables BySource() const {
    NewTables tables{.sources = &guilty_, .ports = {}};
    tables.ports[Index(policy::Protocol::kUdp)] = &no_ports_;
    tables.ports[Index(policy::Protocol::kTcp)] = &by_port_;
    return tables;
  }
  NewTables ByPort() const {
    NewTables tables{.sources = &nobody_, .ports = {}};
    tables.ports[Index(policy::Protocol::kUdp)] = &by_port_;
    tables.ports[Index(policy::Protocol::kTcp)] = &no_ports_;
    return tables;
  }
  absl::Status BlockBySource() { return plane().ReplaceTables(BySource()); }
  absl::Status BlockByPort() { return plane().ReplaceTables(ByPort()); }

  // Packets of the world that passed while `change` ran.
  template <typename Change>
  std::uint64_t PassedDuring(const Change& change) {
    constexpr int kAtOnce = 200;
    const std::uint64_t before = Dropped();
    std::atomic<bool> done = false;
    std::uint64_t sent = 1;
    std::thread sender([&] {
      for (; !done; sent += kAtOnce) world_->SendBlocked("fw0", kAtOnce);
    });
    change();
    done = true;
    sender.join();
    world_->ReceiveBlocked("fw0", 1);
    return before + sent - Dropped();
  }

  std::uint64_t Dropped() {
    std::uint64_t sum = 0;
    const auto all = plane().ReadCounters();
    EXPECT_TRUE(all.ok()) << all.status();
    if (!all.ok()) return 0;
    for (std::size_t i = 0; i < policy::kOutcomes.size(); ++i) {
      if (policy::kOutcomes[i].first != policy::Verdict::kDrop) continue;
      sum += all->front().by_outcome[i].packets;
    }
    return sum;
  }

  static std::size_t Index(policy::Protocol protocol) {
    return static_cast<std::size_t>(protocol);
  }

  static constexpr int kRounds = 30 / testing::kFewer;
  std::unique_ptr<testing::KernelWorld> world_;
  const std::vector<SourceRule> guilty_ = {
      {.prefix = *Prefix::Parse("192.0.2.1"), .id = 1}};
  const std::vector<SourceRule> nobody_ = {};
  policy::PortTable by_port_;
  const policy::PortTable no_ports_ = {};
};

TEST_F(OneInstantTest, SourcesAndPortsOfAllProtocols) {
  EXPECT_EQ(PassedDuring([this] {
              for (int i = 0; i < kRounds; ++i) {
                ASSERT_TRUE(BlockByPort().ok());
                ASSERT_TRUE(BlockBySource().ok());
              }
            }),
            0u);
}

// That the check above sees what is not done at once.
TEST_F(OneInstantTest, TwoStepsAreSeen) {
  EXPECT_GT(PassedDuring([this] {
              for (int i = 0; i < kRounds; ++i) {
                ASSERT_TRUE(plane().ReplaceSources({}).ok());
                ASSERT_TRUE(BlockByPort().ok());
                ASSERT_TRUE(BlockBySource().ok());
              }
            }),
            0u);
}

TEST_F(OneInstantTest, PortsOfSeveralProtocolsWithoutSources) {
  ASSERT_TRUE(BlockByPort().ok());
  NewTables tcp_too;
  tcp_too.ports[Index(policy::Protocol::kTcp)] = &by_port_;
  tcp_too.ports[Index(policy::Protocol::kUdp)] = &by_port_;
  NewTables udp_only = tcp_too;
  udp_only.ports[Index(policy::Protocol::kTcp)] = &no_ports_;
  EXPECT_EQ(PassedDuring([&] {
              for (int i = 0; i < kRounds; ++i) {
                ASSERT_TRUE(plane().ReplaceTables(tcp_too).ok());
                ASSERT_TRUE(plane().ReplaceTables(udp_only).ok());
              }
            }),
            0u);
  const auto ports = plane().ReadPorts();
  ASSERT_TRUE(ports.ok()) << ports.status();
  EXPECT_EQ((*ports)[Index(policy::Protocol::kTcp)], no_ports_);
  EXPECT_EQ((*ports)[Index(policy::Protocol::kUdp)], by_port_);
}

TEST_F(OneInstantTest, TheNextRunFindsTheHalfThatIsInForce) {
  ASSERT_TRUE(BlockByPort().ok());
  world_->Restart();
  const auto ports = plane().ReadPorts();
  ASSERT_TRUE(ports.ok()) << ports.status();
  EXPECT_EQ((*ports)[Index(policy::Protocol::kTcp)], no_ports_);
  EXPECT_EQ((*ports)[Index(policy::Protocol::kUdp)], by_port_);
  EXPECT_EQ(PassedDuring([this] { ASSERT_TRUE(BlockBySource().ok()); }), 0u);
}

// The trial, with programs that know no tables.
class TrialTest : public ::testing::Test {
 protected:
  void SetUp() override { testing::SkipUnless(testing::BpfIsAllowed()); }

  static absl::Status CheckWith(int action, std::vector<SourceRule> rules) {
    Trial trial([action]() -> absl::StatusOr<util::ScopedFd> {
      const bpf_insn instructions[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K,
                                        .dst_reg = BPF_REG_0,
                                        .imm = action},
                                       {.code = BPF_JMP | BPF_EXIT}};
      return util::ScopedFd(bpf_prog_load(BPF_PROG_TYPE_XDP, "constant", "GPL",
                                          instructions, 2, nullptr));
    });
    return trial.Check(rules);
  }

  static SourceRule RuleOf(const char* prefix, SourceVerdict verdict) {
    return {.prefix = *Prefix::Parse(prefix), .id = 1, .verdict = verdict};
  }
};

TEST_F(TrialTest, ABlockedAddressThatPassesIsNamed) {
  for (const char* prefix : {"192.0.2.1", "2001:db8::/64"}) {
    const absl::Status status =
        CheckWith(XDP_PASS, {RuleOf(prefix, SourceVerdict::kBlock)});
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << prefix;
    EXPECT_THAT(status.message(), HasSubstr("passed"));
    EXPECT_THAT(status.message(),
                AnyOf(HasSubstr("192.0.2.1"), HasSubstr("2001:db8::")));
  }
}

TEST_F(TrialTest, AnAddressBesideABlockThatIsDroppedIsNamed) {
  const absl::Status status =
      CheckWith(XDP_DROP, {RuleOf("192.0.2.0/25", SourceVerdict::kBlock)});
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("192.0.2.128"));
  EXPECT_THAT(status.message(), HasSubstr("dropped"));
}

TEST_F(TrialTest, WhatIsAsTheRulesSayIsTaken) {
  EXPECT_TRUE(CheckWith(XDP_PASS, {}).ok());
  EXPECT_TRUE(
      CheckWith(XDP_PASS, {RuleOf("10.0.0.0/8", SourceVerdict::kAllow),
                           RuleOf("10.1.0.0/16", SourceVerdict::kBlock)})
          .ok())
      << "an allow beats a block";
  EXPECT_TRUE(CheckWith(XDP_DROP, {RuleOf("10.0.0.1", SourceVerdict::kBlock),
                                   RuleOf("0.0.0.0/0", SourceVerdict::kBlock)})
                  .ok())
      << "in any order";
  SourceRule ended = RuleOf("10.0.0.1", SourceVerdict::kBlock);
  ended.until = 1;
  EXPECT_TRUE(CheckWith(XDP_PASS, {ended}).ok());
}

}  // namespace
}  // namespace fwagent::dataplane
