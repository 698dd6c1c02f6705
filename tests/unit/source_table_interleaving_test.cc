// Look-ups that are interrupted at one of their reads, while tables change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/support/heap_source_world.h"
#include "tests/support/sanitizer.h"
#include "tests/support/source_trial.h"

namespace fwagent::testing {
namespace {

using lookup::Fold;
using policy::SourceRule;
using policy::SourceVerdict;

// One look-up on a thread of its own, which stops before one of its reads. Who
// waits for readers makes it go on: they wait for each other otherwise.
class InterruptedLookup {
 public:
  // Returns when it has stopped, or ended before that read.
  InterruptedLookup(HeapSourceWorld& world, const Question& question,
                    int reads_before)
      : thread_([this, &world, question, reads_before] {
          HeapLineMemory::SetReadHook(
              [this, &world, reads = reads_before]() mutable {
                if (reads-- == 0) Pause(world);
              });
          answer_ = world.Ask(question);
          stopped_ = true;
        }) {
    while (!stopped_) std::this_thread::yield();
  }

  Fold Finish() {
    resumed_ = true;
    thread_.join();
    return answer_;
  }

 private:
  void Pause(HeapSourceWorld& world) {
    stopped_ = true;
    while (!resumed_ && !world.memory().has_waiting_writer()) {
      std::this_thread::yield();
    }
  }

  std::atomic<bool> stopped_ = false;
  std::atomic<bool> resumed_ = false;
  Fold answer_;
  std::thread thread_;
};

// More than most look-ups have.
constexpr int kReads = 96;

class InterruptedLookups : public ::testing::TestWithParam<RuleMix> {};

TEST_P(InterruptedLookups, AnswerAsItWasBeforeOrBetweenOrAfterTheChanges) {
  constexpr int kRounds = 4000 / kFewer;
  constexpr std::size_t kRules = 16;
  HeapSourceWorld world;
  SourceTrial trial(world, 1, {.questions = 0, .places = 2});
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_EQ(trial.Step(GetParam(), kRules), absl::OkStatus());
    const std::vector<SourceRule> rules = trial.rules();
    if (rules.empty()) continue;
    const auto number = static_cast<std::size_t>(round);
    Question question =
        trial.QuestionsAbout(rules[number % rules.size()].prefix)[number % 3];
    question.verdict_only = number % 2 != 0;
    std::vector<Fold> right = {world.Ask(question)};
    InterruptedLookup lookup(world, question, round % kReads);
    for (int change = 0; change < 3; ++change) {
      EXPECT_EQ(trial.Step(GetParam(), kRules), absl::OkStatus());
      right.push_back(world.Ask(question));
    }
    ASSERT_THAT(right, ::testing::Contains(lookup.Finish()))
        << "round " << round << ", " << ToString(question);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mixes, InterruptedLookups,
    ::testing::Values(RuleMix{}, RuleMix{.allows = 30},
                      RuleMix{.allows = 10, .classes = 20},
                      RuleMix{.allows = 10, .classes = 5, .timed = 60}));

class NestedChanges : public ::testing::Test {
 protected:
  static SourceRule Rule(const char* prefix, SourceVerdict verdict) {
    return {.prefix = *policy::Prefix::Parse(prefix), .verdict = verdict};
  }
  static Question Host(bool verdict_only) {
    return {policy::Family::kIPv4, 0xc0000201, verdict_only};
  }
};

// A look-up that has missed the first change must not meet the second.
TEST_F(NestedChanges, AHostThatWasNeverBlockedIsNeverFoundBlocked) {
  for (int i = 0; i < 2 * kReads; ++i) {
    const int reads = i / 2;
    HeapSourceWorld world;
    // So that the lengths are there.
    for (const char* other : {"192.0.2.240/28", "192.0.2.255"}) {
      ASSERT_TRUE(world.Add(Rule(other, SourceVerdict::kBlock)).ok());
    }
    InterruptedLookup lookup(world, Host(i % 2 != 0), reads);
    EXPECT_TRUE(world.Add(Rule("192.0.2.1", SourceVerdict::kAllow)).ok());
    EXPECT_TRUE(world.Add(Rule("192.0.2.0/28", SourceVerdict::kBlock)).ok());
    EXPECT_NE(lookup.Finish().verdict, SourceVerdict::kBlock) << reads;
  }
}

TEST_F(NestedChanges, AHostThatWasAlwaysBlockedIsNeverFoundFree) {
  for (int i = 0; i < 2 * kReads; ++i) {
    const int reads = i / 2;
    HeapSourceWorld world;
    for (const char* blocked : {"192.0.2.1", "192.0.2.255"}) {
      ASSERT_TRUE(world.Add(Rule(blocked, SourceVerdict::kBlock)).ok());
    }
    const SourceRule host = Rule("192.0.2.1", SourceVerdict::kBlock);
    InterruptedLookup lookup(world, Host(i % 2 != 0), reads);
    EXPECT_TRUE(world.Add(Rule("192.0.2.0/24", SourceVerdict::kBlock)).ok());
    EXPECT_TRUE(world.Remove(host.prefix).ok());
    EXPECT_EQ(lookup.Finish().verdict, SourceVerdict::kBlock) << reads;
  }
}

}  // namespace
}  // namespace fwagent::testing
