// The filter beside nftables: the same random rules and frames must come to the
// same verdict, but for the classes of packets in docs/packets.md, "Beside
// nftables", whose verdict is foretold too.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/util/status_macros.h"
#include "tests/bpf/nft_expectation.h"
#include "tests/bpf/two_guards.h"
#include "tests/support/frame_outline.h"
#include "tests/support/frame_shrinker.h"
#include "tests/support/frame_text.h"
#include "tests/support/from_environment.h"
#include "tests/support/random_filter_rules.h"
#include "tests/support/random_frames.h"
#include "tests/support/require_bpf.h"
#include "tests/support/sanitizer.h"

namespace fwagent::testing {
namespace {

using dataplane::ModePreference;
using std::chrono::steady_clock;

constexpr std::uint64_t kFramesPerChange = 4 * kMostFramesAtATime;
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

const char* ToText(NftVerdict verdict) {
  switch (verdict) {
    case NftVerdict::kPassed:
      return "passed";
    case NftVerdict::kAllowed:
      return "source allowed";
    case NftVerdict::kSourceBlocked:
      return "source blocked";
    case NftVerdict::kPortBlocked:
      return "port blocked";
  }
  return "";
}

// A frame, and what became of it.
struct Judged {
  Bytes frame;
  FrameOutline outline;
  bool gets_past_us = false;
  NftVerdict raw;
  NftVerdict plain;  // of the plain form
  Expectation expected;

  bool IsAsExpected() const {
    switch (expected.verdict) {
      case Expectation::Verdict::kPass:
        if (!gets_past_us) return false;
        break;
      case Expectation::Verdict::kDrop:
        if (gets_past_us) return false;
        break;
      case Expectation::Verdict::kEither:
        break;
    }
    // Whatever may be hidden from nftables: what it drops, we drop too.
    const bool is_no_port =
        raw == NftVerdict::kPortBlocked && IsLaterFragment(outline);
    return !IsDrop(raw) || !gets_past_us || is_no_port;
  }
};

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
  void CompareSome(const ReferenceRules& rules, RandomFrames& random) {
    const absl::Status set = guards_->SetRules(rules);
    ASSERT_TRUE(set.ok()) << set;
    for (std::uint64_t i = 0; i < kFramesPerChange; i += kFramesAtATime) {
      std::vector<Bytes> frames;
      while (frames.size() < kFramesAtATime) frames.push_back(random.Next());
      const auto all = Judge(frames, rules);
      ASSERT_TRUE(all.ok()) << all.status();
      for (const Judged& judged : *all) {
        if (!judged.IsAsExpected()) return Report(judged, rules);
        Count(judged);
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
      if (IsLostBeforeNft(frame, outline)) {
        ++lost_before_nft_;
        continue;
      }
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

  void Count(const Judged& judged) {
    ++frames_;
    if (judged.expected.otherwise != nullptr &&
        judged.gets_past_us == IsDrop(judged.plain)) {
      ++differences_[judged.expected.otherwise];
    }
    if (IsDrop(judged.raw) != IsDrop(judged.plain)) {
      ++hidden_[WhatHidesFromNft(judged.outline)];
    }
    if (judged.gets_past_us == IsDrop(judged.raw)) return;
    const bool has_port = judged.outline.end == FrameOutline::End::kWhole &&
                          HasPorts(judged.outline.protocol);
    ++agreed_[{judged.raw, judged.outline.is_ipv4,
               has_port ? judged.outline.protocol : std::uint8_t{0}}];
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

  static std::string ToText(const Judged& judged, const ReferenceRules& rules) {
    const bool is_drop = judged.expected.verdict == Expectation::Verdict::kDrop;
    return absl::StrCat(
        "our filter: ", judged.gets_past_us ? "pass" : "drop",
        "\nexpected: ", is_drop ? "drop" : "pass", ", ",
        judged.expected.otherwise != nullptr ? judged.expected.otherwise
                                             : "as nftables",
        "\nnftables: ", testing::ToText(judged.raw),
        "\nnftables, of the plain form: ", testing::ToText(judged.plain),
        "\nrules:", RulesToText(rules), "\nframe of ", judged.frame.size(),
        " bytes:", ToHex(judged.frame));
  }

  std::unique_ptr<TwoGuards> guards_;
  NftExpectations expectations_;
  // By name of the class.
  std::map<std::string, std::uint64_t> differences_;
  std::map<std::string, std::uint64_t> hidden_;
  // By verdict, whether it is IPv4, and protocol if it has a port that counts.
  std::map<std::tuple<NftVerdict, bool, std::uint8_t>, std::uint64_t> agreed_;
  std::uint64_t frames_ = 0;
  std::uint64_t lost_before_nft_ = 0;
};

TEST_P(NftablesTest, JudgesLikeNftablesButForTheDocumentedClasses) {
  const auto seed = 2 * FirstSeed() + static_cast<std::uint64_t>(GetParam());
  Dice dice(seed);
  RandomFrames random(seed);
  ReferenceRules rules;
  for (std::uint64_t done = 0; done < FramesInAll() / 2;
       done += kFramesPerChange) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", frame ", done, " or after"));
    ChangeAtRandom(dice, kPortProtocols, rules);
    CompareSome(rules, random);
    if (HasFailure()) return;
  }
  for (const auto& [key, count] : agreed_) {
    std::printf("%s %s %d: %lu\n", testing::ToText(std::get<0>(key)),
                std::get<1>(key) ? "v4" : "v6", std::get<2>(key), count);
  }
  for (const auto& [key, count] : differences_)
    std::printf("%s: %lu\n", key.c_str(), count);
  for (const auto& [key, count] : hidden_)
    std::printf("hidden %s: %lu\n", key.c_str(), count);
  std::printf("%lu frames, lost %lu\n", frames_, lost_before_nft_);
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
