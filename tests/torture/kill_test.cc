// kill -9 at random moments, while changes are made and while an agent starts.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/agent_host.h"
#include "tests/support/dice.h"
#include "tests/support/from_environment.h"
#include "tests/support/require_bpf.h"
#include "tests/torture/agent_client.h"
#include "tests/torture/caller.h"
#include "tests/torture/report.h"
#include "tests/torture/set_caller.h"
#include "tests/torture/steady_stream.h"
#include "tests/torture/target.h"

namespace fwagent::testing {
namespace {

constexpr int kCallers = 6;
constexpr std::uint64_t kLongestWorkUs = 400'000;
constexpr std::uint64_t kLongestStartUs = 250'000;

class KillTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    SteadyStream::Prepare(*site_);
    ASSERT_TRUE(site_->StartAgent());
    ASSERT_EQ(site_->Fwctl({"block-ip", kGuiltyIPv4}).exit_code, 0);
    wire_ = std::make_unique<Wire>(*site_);
    set_caller_ = std::make_unique<SetCaller>(site_->address());
    for (int number = 1; number <= kCallers; ++number) {
      callers_.push_back(
          std::make_unique<Caller>(number, seed_, site_->address()));
      for (const Target& target : callers_.back()->targets()) {
        targets_.push_back(&target);
      }
    }
  }

  void Nap(std::uint64_t longest_us) {
    std::this_thread::sleep_for(
        std::chrono::microseconds(dice_.Below(longest_us)));
  }

  void KillAtWork() {
    std::latch connected(kCallers + 1);
    std::vector<std::thread> threads;
    threads.emplace_back(
        [&] { set_caller_->WorkUntilTheAgentDies(connected); });
    for (const auto& caller : callers_) {
      threads.emplace_back([&] { caller->WorkUntilTheAgentDies(connected); });
    }
    connected.wait();
    Nap(kLongestWorkUs);
    site_->StopAgent(SIGKILL);
    for (std::thread& thread : threads) thread.join();
  }

  // It may have become ready before.
  void KillAtStart() {
    Process doomed(
        {.argv = site_->AgentCommand(), .netns_path = site_->host().path()});
    Nap(kLongestStartUs);
    doomed.Signal(SIGKILL);
    EXPECT_EQ(doomed.Wait().exit_code, -SIGKILL) << doomed.Err();
    ++killed_at_start_;
  }

  // Every rule of the list is in the kernel, and no other.
  void ExpectEnforced(const Listing& listing) {
    const std::vector<bool> passed = wire_->Passes(targets_);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const bool listed = listing.rules.count(targets_[i]->name) > 0;
      EXPECT_NE(passed[i], listed)
          << targets_[i]->name << " is " << (listed ? "" : "not ") << "listed";
      ++probes_;
    }
  }

  void CheckTheNextAgent() {
    AgentClient agent(site_->address());
    auto listing = agent.List();
    ASSERT_TRUE(listing.ok()) << listing.status();
    EXPECT_EQ(listing->rules.count(guilty_.name), 1u);
    ExpectEnforced(*listing);
    std::size_t rules = 1;
    std::uint64_t generation = listing->generation;
    for (const auto& caller : callers_) {
      caller->Check(*listing);
      caller->Repeat(agent, generation);
    }
    listing = agent.List();
    ASSERT_TRUE(listing.ok()) << listing.status();
    EXPECT_EQ(listing->generation, generation);
    ExpectEnforced(*listing);
    for (const Target* target : targets_) {
      rules += listing->rules.count(target->name);
    }
    EXPECT_EQ(listing->rules.size(), rules) << "rules that nobody asked for";
    set_caller_->Check(*wire_);
    for (const auto& problem : set_caller_->problems())
      ADD_FAILURE() << problem;
    for (const auto& caller : callers_) {
      for (const auto& problem : caller->problems()) ADD_FAILURE() << problem;
    }
  }

  CallerCounts Total() const {
    CallerCounts total;
    for (const auto& caller : callers_) {
      total.acknowledged += caller->counts().acknowledged;
      total.open_and_done += caller->counts().open_and_done;
      total.open_and_not_done += caller->counts().open_and_not_done;
      total.repeats += caller->counts().repeats;
    }
    return total;
  }

  const std::uint64_t seed_ = FromEnvironment("FW_TORTURE_SEED", 1);
  Dice dice_{seed_};
  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Wire> wire_;
  std::vector<std::unique_ptr<Caller>> callers_;
  std::unique_ptr<SetCaller> set_caller_;
  std::vector<const Target*> targets_;
  const Target guilty_ = SourceTarget(kGuiltyIPv4, kGuiltyIPv4);
  std::uint64_t killed_at_start_ = 0;
  std::uint64_t probes_ = 0;
};

TEST_F(KillTest, NoAcknowledgedChangeIsLostAndNoneIsThereInPart) {
  const std::uint64_t kills = FromEnvironment("FW_TORTURE_KILLS", 60);
  SteadyStream stream(*site_);
  for (std::uint64_t round = 1; round <= kills; ++round) {
    SCOPED_TRACE(absl::StrCat("kill ", round, " of FW_TORTURE_SEED=", seed_));
    ASSERT_NO_FATAL_FAILURE(KillAtWork());
    if (round % 4 == 0) KillAtStart();
    ASSERT_TRUE(site_->StartAgent());
    ASSERT_NO_FATAL_FAILURE(CheckTheNextAgent());
    if (HasFailure()) break;
  }
  const StreamCounts counts = stream.Stop();
  ExpectNoneThroughAndNoneLost(counts);
  const CallerCounts total = Total();
  const SetCallerCounts& sets = set_caller_->counts();
  EXPECT_GT(total.acknowledged, 0u);
  EXPECT_GT(sets.acknowledged + sets.open_and_done, 0u);
  ReportRow(
      absl::StrCat("kill -9 during changes, ", kills,
                   " times, and of the agents that started then ",
                   killed_at_start_, "; seed ", seed_),
      absl::StrCat("acknowledged ", total.acknowledged,
                   "; unacknowledged and there ", total.open_and_done,
                   ", not there ", total.open_and_not_done, "; repeated ",
                   total.repeats, "; imports acknowledged ", sets.acknowledged,
                   ", unacknowledged and there ", sets.open_and_done,
                   ", not there ", sets.open_and_not_done, "; probes of rules ",
                   probes_, "; failed checks ", HasFailure() ? "some" : "0",
                   "; ", StreamText(counts)));
}

}  // namespace
}  // namespace fwagent::testing
