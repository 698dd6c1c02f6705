// Look-ups in the kernel, on one CPU, while the tables change from another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/bpf/kernel_source_world.h"
#include "tests/support/answer_history.h"
#include "tests/support/counted_source_world.h"
#include "tests/support/require_bpf.h"
#include "tests/support/source_trial.h"

namespace fwagent::testing {
namespace {

using policy::SourceRule;

constexpr int kChanges = 150;
constexpr std::size_t kRules = 30;
constexpr std::size_t kQuestions = 64;

// Where there is only one CPU, the two take turns.
void RunOnCpu(std::size_t number) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(number % std::thread::hardware_concurrency(), &cpus);
  sched_setaffinity(0, sizeof(cpus), &cpus);
}

class SourceStress : public ::testing::TestWithParam<RuleMix> {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped()) return;
    auto world = KernelSourceWorld::Create();
    ASSERT_TRUE(world.ok()) << world.status();
    world_ = *std::move(world);
    auto reader = AskProgram::Load(&world_->program());
    ASSERT_TRUE(reader.ok()) << reader.status();
    reader_.emplace(*std::move(reader));
    counted_.emplace(*world_, reader_->changes_begun(),
                     reader_->changes_ended());
    trial_.emplace(*counted_, 1,
                   SourceTrial::Options{.questions = 0, .places = 2});
    for (std::size_t i = 0; i < 2 * kRules; ++i) {
      ASSERT_EQ(trial_->Step(GetParam(), kRules), absl::OkStatus());
    }
    ChooseQuestions();
  }

  // The reader gets them over and over, as many as it takes in one run.
  void ChooseQuestions() {
    while (questions_.size() < kQuestions) {
      for (const SourceRule& rule : trial_->rules()) {
        const auto more = trial_->QuestionsAbout(rule.prefix);
        questions_.insert(questions_.end(), more.begin(), more.end());
      }
    }
    questions_.resize(kQuestions);
    MixQuestions(questions_);
    std::vector<Question> repeated;
    while (repeated.size() < FW_QUESTIONS) {
      repeated.insert(repeated.end(), questions_.begin(), questions_.end());
    }
    reader_->SetQuestions(repeated);
  }

  void AskAll(AnswerHistory& history) {
    RunOnCpu(1);
    std::vector<Observation> observations;
    while (!done_) {
      reader_->Run(FW_QUESTIONS);
      for (std::size_t i = 0; i < FW_QUESTIONS; ++i) {
        observations.push_back({.question = i % kQuestions,
                                .first = reader_->answer(i).first,
                                .last = reader_->answer(i).last,
                                .answer = reader_->FoldAt(i)});
      }
      history.Judge(observations);
    }
    history.Judge(observations);
    EXPECT_TRUE(observations.empty());
  }

  void ChangeMuch(AnswerHistory& history) {
    for (int i = 0; i < kChanges; ++i) {
      ASSERT_EQ(trial_->Step(GetParam(), kRules), absl::OkStatus());
      history.Record(reader_->changes_ended(), world_->Ask(questions_));
    }
  }

  std::unique_ptr<KernelSourceWorld> world_;
  std::optional<AskProgram> reader_;
  std::optional<CountedSourceWorld> counted_;
  std::optional<SourceTrial> trial_;
  std::vector<Question> questions_;
  std::atomic<bool> done_ = false;
};

TEST_P(SourceStress, EveryAnswerWasRightAtSomeInstant) {
  AnswerHistory history(reader_->changes_ended(), world_->Ask(questions_));
  std::thread reader([&] { AskAll(history); });
  // On a thread of its own, which keeps its CPU to itself.
  std::thread writer([&] {
    RunOnCpu(0);
    ChangeMuch(history);
    done_ = true;
  });
  writer.join();
  reader.join();
  EXPECT_THAT(history.wrong(), ::testing::IsEmpty());
  EXPECT_GT(history.overlapping(), 0u);
  RecordProperty("judged", static_cast<int>(history.judged()));
  RecordProperty("overlapping", static_cast<int>(history.overlapping()));
}

INSTANTIATE_TEST_SUITE_P(Mixes, SourceStress,
                         ::testing::Values(RuleMix{}, RuleMix{.allows = 30},
                                           RuleMix{.allows = 10,
                                                   .classes = 20}));

}  // namespace
}  // namespace fwagent::testing
