// The filter beside nftables: the same random rules and frames must come to the
// same verdict, but for the classes of packets in docs/packets.md, "Beside
// nftables", whose verdict is foretold too.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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

const Bytes kPortProtocols = {6, 17, 33, 132, 136};

// Both modes together; FW_NFTABLES_FRAMES=10000000 asks for more, which takes
// minutes, and FW_NFTABLES_SEED for others than in every other run.
std::uint64_t FramesInAll() {
  return FromEnvironment("FW_NFTABLES_FRAMES", 200'000 / kFewer);
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
    std::vector<Judged> all;
    std::vector<Bytes> sent;
    std::vector<Bytes> raw_and_plain;
    for (const Bytes& frame : frames) {
      const FrameOutline outline = ReadOutline(frame);
      if (IsLostBeforeNft(frame, outline)) continue;
      all.push_back({.frame = frame, .outline = outline});
      sent.push_back(frame);
      raw_and_plain.push_back(frame);
      raw_and_plain.push_back(PlainForm(frame, outline));
    }
    Moments when{.begin = steady_clock::now(), .end = {}};
    FW_ASSIGN_OR_RETURN(const auto ours, guards_->AskOurs(sent));
    when.end = steady_clock::now();
    FW_ASSIGN_OR_RETURN(const auto nft, guards_->AskNft(raw_and_plain));
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!nft[2 * i] || !nft[2 * i + 1]) {
        return absl::InternalError(
            absl::StrCat("never came to nftables, or not in its plain form:",
                         ToHex(all[i].frame)));
      }
      all[i].gets_past_us = ours[i];
      all[i].raw = *nft[2 * i];
      all[i].plain = *nft[2 * i + 1];
      all[i].expected =
          expectations_.Next(all[i].outline, all[i].plain, rules, when);
    }
    return all;
  }

  // As it was found, and the smallest that comes of it. What comes from earlier
  // frames need not be there a second time.
  void Report(const Judged& found, ReferenceRules rules) {
    ADD_FAILURE() << ToText(found, rules);
    Bytes frame = found.frame;
    const auto again = [this](const ReferenceRules& some, const Bytes& less) {
      if (!guards_->SetRules(some).ok()) return absl::StatusOr<Judged>();
      auto all = Judge({less}, some);
      if (!all.ok()) return absl::StatusOr<Judged>(all.status());
      if (all->empty()) return absl::StatusOr<Judged>();
      return absl::StatusOr<Judged>(all->front());
    };
    Shrink(
        [&](const ReferenceRules& some, const Bytes& less) {
          const auto judged = again(some, less);
          return judged.ok() && !judged->IsAsExpected();
        },
        rules, frame);
    const auto small = again(rules, frame);
    if (!small.ok()) return;
    ADD_FAILURE() << "made small: " << ToText(*small, rules);
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
