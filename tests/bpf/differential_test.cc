// The program against a plain reference: the same rules and frames at random
// must come to the same verdict and reason, and be counted once, also by the
// rule that said so.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bpf/differential_mode.h"
#include "tests/bpf/differential_pair.h"
#include "tests/support/frame_shrinker.h"
#include "tests/support/frame_text.h"
#include "tests/support/from_environment.h"
#include "tests/support/random_filter_rules.h"
#include "tests/support/random_frames.h"
#include "tests/support/random_ordered_rules.h"
#include "tests/support/require_bpf.h"
#include "tests/support/sanitizer.h"

namespace fwagent::testing {
namespace {

using dataplane::ProgramVariant;
using std::chrono::steady_clock;
using Comparison = DifferentialPair::Comparison;

// Of IP, with ports.
const Bytes kProtocols = {6, 17, 132, 136, 33};

constexpr std::uint64_t kFramesPerChange = 1000;
constexpr std::uint64_t kFramesThatMeetAll = 80'000;
// A frame is sent so often where a mismatch is made small: some limits let the
// first ones through.
constexpr int kRepeats = 8;
constexpr std::chrono::seconds kShrinkTime(20);

// All variants together; FW_DIFFERENTIAL_FRAMES=10000000 asks for more, which
// takes minutes, and FW_DIFFERENTIAL_SEED for others than in every other run.
std::uint64_t FramesInAll() {
  return FromEnvironment("FW_DIFFERENTIAL_FRAMES", 1'000'000 / kFewer);
}
std::uint64_t FirstSeed() { return FromEnvironment("FW_DIFFERENTIAL_SEED", 1); }

class DifferentialTest : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped()) return;
    const auto chosen = dataplane::ChooseVariant();
    ASSERT_TRUE(chosen.ok()) << chosen.status();
    if (*chosen != ProgramVariant::kFast && *chosen != GetParam().variant) {
      GTEST_SKIP() << "not for this kernel";
    }
    auto pair = DifferentialPair::Load(GetParam());
    ASSERT_TRUE(pair.ok()) << pair.status();
    pair_ = *std::move(pair);
  }

  // Frames under one set of rules, up to the first mismatch. What program and
  // reference remember of frames stays.
  void CompareSome(const ReferenceRules& rules, RandomFrames& frames) {
    ASSERT_EQ(pair_->SetRules(rules), absl::OkStatus());
    for (std::uint64_t i = 0; i < kFramesPerChange && !HasFailure(); ++i) {
      const Bytes frame =
          TakesBigFrames() && i % 16 == 0 ? frames.NextBig() : frames.Next();
      const Comparison comparison = pair_->Compare(frame);
      ++seen_[{comparison.program.verdict, comparison.program.reason}];
      if (!comparison.is_same) return Report(comparison, rules, frame);
      // Counters or actions are wrong, and it was said how.
      if (HasFailure()) ADD_FAILURE() << ToText(comparison, rules, frame);
    }
    const auto hits = pair_->HitsThatDiffer();
    ASSERT_TRUE(hits.ok()) << hits.status();
    EXPECT_EQ(*hits, "") << "rules:" << RulesToText(rules);
  }

  // Frames in several buffers.
  bool TakesBigFrames() const {
    return GetParam().variant != ProgramVariant::kCompat;
  }

  // As it was found, and the smallest that comes of it. A mismatch that comes
  // from earlier frames need not be there a second time.
  void Report(const Comparison& found, ReferenceRules rules, Bytes frame) {
    ADD_FAILURE() << ToText(found, rules, frame);
    const auto end = steady_clock::now() + kShrinkTime;
    Shrink(
        [&](const ReferenceRules& fewer_rules, const Bytes& fewer_bytes) {
          return steady_clock::now() < end &&
                 !CompareAnew(fewer_rules, fewer_bytes).is_same;
        },
        rules, frame);
    ADD_FAILURE() << "made small: "
                  << ToText(CompareAnew(rules, frame), rules, frame);
  }

  // Up to the first mismatch.
  Comparison CompareAnew(const ReferenceRules& rules, const Bytes& frame) {
    EXPECT_EQ(pair_->SetNewRules(rules), absl::OkStatus());
    Comparison comparison = pair_->Compare(frame);
    for (int i = 1; i < kRepeats && comparison.is_same; ++i) {
      comparison = pair_->Compare(frame);
    }
    return comparison;
  }

  static std::string ToText(const Comparison& comparison,
                            const ReferenceRules& rules, const Bytes& frame) {
    return absl::StrCat(
        "program: ", ::testing::PrintToString(comparison.program),
        "\nreference: ", ::testing::PrintToString(comparison.reference),
        "\nrules:", RulesToText(rules), "\nframe of ", frame.size(),
        " bytes:", ToHex(frame));
  }

  std::unique_ptr<DifferentialPair> pair_;
  std::map<std::pair<fw_verdict, fw_reason>, std::uint64_t> seen_;
};

TEST_P(DifferentialTest, ProgramAndReferenceJudgeAlike) {
  const std::uint64_t frames = FramesInAll() / ModesOf(FirstSeed()).size();
  ASSERT_GT(frames, 0u);
  Dice dice(GetParam().seed);
  RandomFrames some(GetParam().seed);
  ReferenceRules rules;
  policy::RuleId last_id = 0;
  for (std::uint64_t done = 0; done < frames; done += kFramesPerChange) {
    SCOPED_TRACE(
        absl::StrCat("seed ", GetParam().seed, ", frame ", done, " or after"));
    ChangeAtRandom(dice, kProtocols, rules);
    ChangeOrderedAtRandom(dice, last_id, rules);
    EndAtRandom(dice, rules);
    CompareSome(rules, some);
    if (HasFailure()) return;
  }
  if (frames < kFramesThatMeetAll) return;
  for (const Judgement& judgement : GetParam().expected) {
    const std::uint64_t count = seen_[{judgement.verdict, judgement.reason}];
    EXPECT_GE(count, frames / 4000) << ::testing::PrintToString(judgement);
  }
}

std::string NameOf(const ::testing::TestParamInfo<Mode>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Modes, DifferentialTest,
                         ::testing::ValuesIn(ModesOf(FirstSeed())), NameOf);

}  // namespace
}  // namespace fwagent::testing
