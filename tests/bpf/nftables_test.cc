// The filter beside nftables: the same random rules and frames must come to the
// same verdict, but for the classes of packets in docs/packets.md, "Beside
// nftables", whose verdict is foretold too.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/util/status_macros.h"
#include "tests/bpf/nft_comparison.h"
#include "tests/bpf/nft_expectation.h"
#include "tests/bpf/two_guards.h"
#include "tests/support/frame_outline.h"
#include "tests/support/frame_shrinker.h"
#include "tests/support/frame_text.h"
#include "tests/support/from_environment.h"
#include "tests/support/random_filter_rules.h"
#include "tests/support/random_frames.h"
#include "tests/support/readable_frames.h"
#include "tests/support/require_bpf.h"
#include "tests/support/sanitizer.h"

namespace fwagent::testing {
namespace {

using dataplane::ModePreference;
using std::chrono::steady_clock;

constexpr std::uint64_t kFramesPerChange = 8 * kMostFramesAtATime;
// So many meet every class and every kind of agreement often enough.
constexpr std::uint64_t kFramesThatMeetAll = 50'000;
// A raw one and its plain form.
constexpr std::size_t kFramesAtATime = kMostFramesAtATime / 2;

constexpr absl::Duration kShrinkTime = absl::Seconds(20);

const Bytes kPortProtocols = {6, 17, 33, 132, 136};

// Both modes together; FW_NFTABLES_FRAMES=10000000 asks for more, which takes
// minutes, and FW_NFTABLES_SEED for others than in every other run.
std::uint64_t FramesInAll() {
  return FromEnvironment("FW_NFTABLES_FRAMES", 160'000 / kFewer);
}
std::uint64_t FirstSeed() { return FromEnvironment("FW_NFTABLES_SEED", 1); }

// Mostly many ports: they are what is read last and decides least often.
void ChangeRules(Dice& dice, ReferenceRules& rules) {
  const std::size_t least_ports = dice.OneIn(4) ? 0 : 8;
  do {
    ChangeAtRandom(dice, kPortProtocols, rules);
  } while (rules.ports.size() < least_ports);
}

class NftablesTest : public ::testing::TestWithParam<ModePreference> {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    auto guards = TwoGuards::Create(GetParam());
    ASSERT_TRUE(guards.ok()) << guards.status();
    guards_ = *std::move(guards);
  }

  // Frames under one set of rules, up to the first that is not as expected.
  void CompareSome(const ReferenceRules& rules, Dice& dice,
                   RandomFrames& random) {
    const absl::Status set = guards_->SetRules(rules);
    ASSERT_TRUE(set.ok()) << set;
    for (std::uint64_t i = 0; i < kFramesPerChange; i += kFramesAtATime) {
      std::vector<Bytes> frames;
      while (frames.size() < kFramesAtATime) {
        frames.push_back(dice.OneIn(2) ? random.Next() : ReadableFrame(dice));
      }
      const auto all = Judge(frames, rules);
      ASSERT_TRUE(all.ok()) << all.status();
      for (const Judged& judged : *all) {
        if (!judged.IsAsExpected()) return Report(judged, rules);
        tally_.Count(judged);
      }
    }
  }

  absl::StatusOr<std::vector<Judged>> Judge(const std::vector<Bytes>& frames,
                                            const ReferenceRules& rules) {
    Batch batch = Sort(frames);
    Moments when{.begin = steady_clock::now(), .end = {}};
    FW_ASSIGN_OR_RETURN(const auto ours, guards_->AskOurs(batch.raw));
    when.end = steady_clock::now();
    FW_ASSIGN_OR_RETURN(const auto nft, guards_->AskNft(batch.raw_and_plain));
    for (std::size_t i = 0; i < batch.judged.size(); ++i) {
      Judged& judged = batch.judged[i];
      if (!nft[2 * i] || !nft[2 * i + 1]) {
        return absl::InternalError(
            absl::StrCat("never came to nftables, or not in its plain form:",
                         ToHex(judged.frame)));
      }
      judged.gets_past_us = ours[i];
      judged.raw = *nft[2 * i];
      judged.plain = *nft[2 * i + 1];
      judged.expected =
          expectations_.Next(judged.outline, judged.plain, rules, when);
    }
    FW_RETURN_IF_ERROR(ExpectLost(batch.lost));
    return std::move(batch.judged);
  }

  struct Batch {
    std::vector<Judged> judged = {};
    std::vector<Bytes> raw = {};
    std::vector<Bytes> raw_and_plain = {};
    std::vector<Bytes> lost = {};  // before nftables
  };
  static Batch Sort(const std::vector<Bytes>& frames) {
    Batch batch;
    for (const Bytes& frame : frames) {
      const FrameOutline outline = ReadOutline(frame);
      if (IsLostBeforeNft(frame, outline)) {
        batch.lost.push_back(frame);
        continue;
      }
      batch.judged.push_back({.frame = frame, .outline = outline});
      batch.raw.push_back(frame);
      batch.raw_and_plain.push_back(frame);
      batch.raw_and_plain.push_back(PlainForm(frame, outline));
    }
    return batch;
  }

  absl::Status ExpectLost(const std::vector<Bytes>& frames) {
    if (frames.empty()) return absl::OkStatus();
    FW_ASSIGN_OR_RETURN(const auto verdicts, guards_->AskNft(frames));
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (!verdicts[i]) continue;
      return absl::InternalError(
          absl::StrCat("nftables has seen", ToHex(frames[i])));
    }
    return absl::OkStatus();
  }

  // As it was found, and the smallest that comes of it. What comes from earlier
  // frames need not be there a second time.
  void Report(const Judged& found, ReferenceRules rules) {
    ADD_FAILURE() << ToText(found, rules);
    Bytes frame = found.frame;
    const absl::Time deadline = absl::Now() + kShrinkTime;
    Shrink(
        [&](const ReferenceRules& some, const Bytes& less) {
          if (absl::Now() > deadline) return false;
          const auto judged = JudgeOne(less, some);
          return judged && !judged->IsAsExpected();
        },
        rules, frame);
    const auto small = JudgeOne(frame, rules);
    if (small) ADD_FAILURE() << "made small: " << ToText(*small, rules);
  }

  std::optional<Judged> JudgeOne(const Bytes& frame,
                                 const ReferenceRules& rules) {
    if (!guards_->SetRules(rules).ok()) return std::nullopt;
    const auto all = Judge({frame}, rules);
    if (!all.ok() || all->empty()) return std::nullopt;
    return all->front();
  }

  std::unique_ptr<TwoGuards> guards_;
  NftExpectations expectations_;
  NftTally tally_;
};

TEST_P(NftablesTest, JudgesLikeNftablesButForTheDocumentedClasses) {
  const auto seed = 2 * FirstSeed() + static_cast<std::uint64_t>(GetParam());
  Dice dice(seed);
  RandomFrames random(seed);
  ReferenceRules rules;
  for (std::uint64_t done = 0; done < FramesInAll() / 2;
       done += kFramesPerChange) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", frame ", done, " or after"));
    ChangeRules(dice, rules);
    CompareSome(rules, dice, random);
    if (HasFailure()) return;
  }
  tally_.Print();
  // A few frames need not meet all.
  if (FramesInAll() >= kFramesThatMeetAll) tally_.ExpectEnough();
}

INSTANTIATE_TEST_SUITE_P(Modes, NftablesTest,
                         ::testing::Values(ModePreference::kNative,
                                           ModePreference::kGeneric),
                         [](const auto& instance) {
                           return instance.param == ModePreference::kNative
                                      ? "Native"
                                      : "Generic";
                         });

}  // namespace
}  // namespace fwagent::testing
