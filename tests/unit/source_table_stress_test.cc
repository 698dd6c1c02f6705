// Look-ups in source tables that change meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/support/answer_history.h"
#include "tests/support/counted_source_world.h"
#include "tests/support/heap_source_world.h"
#include "tests/support/sanitizer.h"
#include "tests/support/source_trial.h"

namespace fwagent::testing {
namespace {

constexpr int kChanges = 4000 / kFewer;
// About so many rules, around so few places that most changes concern all of
// them.
constexpr std::size_t kRules = 30;
constexpr std::size_t kQuestions = 48;
constexpr std::size_t kJudgedAtOnce = 1024;

// Now and then, for as long as a few changes take, so that they fall between
// two reads of a look-up.
void Dawdle() {
  thread_local std::minstd_rand random;
  if (random() % 8 != 0) return;
  for (volatile unsigned rest = random() % 8192; rest > 0;) rest = rest - 1;
}

class SourceTableStress : public ::testing::TestWithParam<RuleMix> {
 protected:
  SourceTableStress() : trial_(counted_, 1, {.questions = 0, .places = 2}) {}

  void SetUp() override {
    for (std::size_t i = 0; i < 2 * kRules; ++i) {
      ASSERT_EQ(trial_.Step(GetParam(), kRules), absl::OkStatus());
    }
    while (questions_.size() < kQuestions) {
      for (const policy::SourceRule& rule : trial_.rules()) {
        const auto more = trial_.QuestionsAbout(rule.prefix);
        questions_.insert(questions_.end(), more.begin(), more.end());
      }
    }
    MixQuestions(questions_);
  }

  // Asks one question after the other until the changes are done.
  void AskAll(AnswerHistory& history) {
    HeapLineMemory::SetReadHook(Dawdle);
    const std::atomic_ref<__u64> begun(begun_);
    const std::atomic_ref<__u64> ended(ended_);
    std::vector<Observation> observations;
    for (std::size_t i = 0; !done_; i = (i + 1) % questions_.size()) {
      Observation observation{.question = i, .first = ended.load()};
      observation.answer = world_.Ask(questions_[i]);
      observation.last = begun.load();
      observations.push_back(observation);
      if (observations.size() >= kJudgedAtOnce) history.Judge(observations);
    }
    history.Judge(observations);
    EXPECT_TRUE(observations.empty());
  }

  void ChangeMuch(AnswerHistory& history) {
    for (int i = 0; i < kChanges; ++i) {
      ASSERT_EQ(trial_.Step(GetParam(), kRules), absl::OkStatus());
      history.Record(ended_, world_.Ask(questions_));
    }
  }

  HeapSourceWorld world_;
  __u64 begun_ = 0;
  __u64 ended_ = 0;
  CountedSourceWorld counted_{world_, begun_, ended_};
  SourceTrial trial_;
  std::vector<Question> questions_;
  std::atomic<bool> done_ = false;
};

TEST_P(SourceTableStress, EveryAnswerWasRightAtSomeInstant) {
  AnswerHistory history(ended_, world_.Ask(questions_));
  std::thread reader([&] { AskAll(history); });
  ChangeMuch(history);
  done_ = true;
  reader.join();
  EXPECT_THAT(history.wrong(), ::testing::IsEmpty());
  EXPECT_GT(history.overlapping(), 0u);
  RecordProperty("judged", static_cast<int>(history.judged()));
  RecordProperty("overlapping", static_cast<int>(history.overlapping()));
}

INSTANTIATE_TEST_SUITE_P(Mixes, SourceTableStress,
                         ::testing::Values(RuleMix{}, RuleMix{.allows = 30},
                                           RuleMix{.allows = 10,
                                                   .classes = 20}));

}  // namespace
}  // namespace fwagent::testing
