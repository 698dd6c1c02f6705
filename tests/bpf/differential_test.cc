// The program against a plain reference: the same rules and frames at random
// must come to the same verdict and reason, and be counted once.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"
#include "tests/support/frame_shrinker.h"
#include "tests/support/frame_text.h"
#include "tests/support/from_environment.h"
#include "tests/support/random_filter_rules.h"
#include "tests/support/random_frames.h"
#include "tests/support/reference_filter.h"
#include "tests/support/require_bpf.h"
#include "tests/support/sanitizer.h"

namespace fwagent::testing {
namespace {

using dataplane::DefaultVerdict;
using dataplane::ProgramVariant;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// By IP protocol.
const std::pair<std::uint8_t, fw_port_protocol> kProtocols[] = {
    {6, FW_PORT_TCP},
    {17, FW_PORT_UDP},
    {132, FW_PORT_SCTP},
    {136, FW_PORT_UDPLITE},
    {33, FW_PORT_DCCP}};
// What the program of this tree does.
constexpr ReferenceFilter::Options ReferenceFor(DefaultVerdict verdict) {
  return {.knows_udp_lite_and_dccp = true,
          .follows_fragments = true,
          .drops_by_default = verdict == DefaultVerdict::kDrop};
}

constexpr std::uint64_t kFramesPerChange = 2000;
constexpr std::uint64_t kFramesThatMeetAll = 150'000;
constexpr nanoseconds kClockSlack = std::chrono::milliseconds(200);

// All variants together; FW_DIFFERENTIAL_FRAMES=10000000 asks for more, which
// takes minutes, and FW_DIFFERENTIAL_SEED for others than in every other run.
std::uint64_t FramesInAll() {
  return FromEnvironment("FW_DIFFERENTIAL_FRAMES", 1'000'000 / kFewer);
}
std::uint64_t FirstSeed() { return FromEnvironment("FW_DIFFERENTIAL_SEED", 1); }

Bytes Protocols() {
  Bytes protocols;
  for (const auto& [ip_protocol, protocol] : kProtocols) {
    protocols.push_back(ip_protocol);
  }
  return protocols;
}

Rules::Ports ToFilter(const ReferenceRules::Ports& ports) {
  for (const auto& [ip_protocol, protocol] : kProtocols) {
    if (ip_protocol == ports.ip_protocol) {
      return {protocol, ports.first, ports.last, ports.until};
    }
  }
  std::abort();
}

struct Mode {
  ProgramVariant variant;
  DefaultVerdict default_verdict;
};

constexpr std::array<Mode, 6> kModes = {{
    {ProgramVariant::kFast, DefaultVerdict::kPass},
    {ProgramVariant::kFast, DefaultVerdict::kDrop},
    {ProgramVariant::kStrict, DefaultVerdict::kPass},
    {ProgramVariant::kStrict, DefaultVerdict::kDrop},
    {ProgramVariant::kCompat, DefaultVerdict::kPass},
    {ProgramVariant::kCompat, DefaultVerdict::kDrop},
}};

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
    auto filter = Filter::Load(
        {.variant = GetParam().variant,
         .packets = {.default_verdict = GetParam().default_verdict}});
    ASSERT_TRUE(filter.ok()) << filter.status();
    filter_.emplace(*std::move(filter));
  }

  void SetRules(const ReferenceRules& rules) {
    Rules of_ports;
    for (const ReferenceRules::Ports& ports : rules.ports) {
      of_ports.ports.push_back(ToFilter(ports));
    }
    ASSERT_EQ(filter_->BlockPorts(of_ports), absl::OkStatus());
    ASSERT_EQ(filter_->SetSources(rules.sources), absl::OkStatus());
    ASSERT_EQ(filter_->SetOrdered({.rules = rules.ordered, .sets = {}}),
              absl::OkStatus());
    reference_.SetRules(rules);
  }

  // Frames under one set of rules, up to the first mismatch. What program and
  // reference remember of frames stays.
  void CompareSome(const ReferenceRules& rules, RandomFrames& frames) {
    ASSERT_NO_FATAL_FAILURE(SetRules(rules));
    for (std::uint64_t i = 0; i < kFramesPerChange && !HasFailure(); ++i) {
      const Bytes frame =
          TakesBigFrames() && i % 16 == 0 ? frames.NextBig() : frames.Next();
      const Comparison comparison = Compare(frame);
      ++seen_[{comparison.program.verdict, comparison.program.reason}];
      if (!comparison.is_same) return Report(comparison, rules, frame);
      // Counters or actions are wrong, and it was said how.
      if (HasFailure()) ADD_FAILURE() << ToText(comparison, rules, frame);
    }
  }

  // Frames in several buffers.
  bool TakesBigFrames() const {
    return GetParam().variant != ProgramVariant::kCompat;
  }

  struct Comparison {
    Judgement program;
    Judgement reference;
    bool is_same;
  };
  Comparison Compare(const Bytes& frame) {
    const nanoseconds now = steady_clock::now().time_since_epoch();
    Comparison comparison = {.program = filter_->Run(frame),
                             .reference = reference_.Judge(frame, now)};
    comparison.is_same = comparison.program == comparison.reference;
    // The program has a clock of its own, which decides about later fragments;
    // asking about those again changes nothing.
    for (const nanoseconds slack : {-kClockSlack, kClockSlack}) {
      if (comparison.reference.reason != FW_REASON_FRAGMENT) break;
      comparison.is_same |=
          comparison.program == reference_.Judge(frame, now + slack);
    }
    return comparison;
  }

  // As it was found, and the smallest that comes of it. A mismatch that comes
  // from earlier frames need not be there a second time.
  void Report(const Comparison& found, ReferenceRules rules, Bytes frame) {
    ADD_FAILURE() << ToText(found, rules, frame);
    Shrink(
        [this](const ReferenceRules& fewer_rules, const Bytes& fewer_bytes) {
          SetRules(fewer_rules);
          return !Compare(fewer_bytes).is_same;
        },
        rules, frame);
    SetRules(rules);
    ADD_FAILURE() << "made small: " << ToText(Compare(frame), rules, frame);
  }

  static std::string ToText(const Comparison& comparison,
                            const ReferenceRules& rules, const Bytes& frame) {
    return absl::StrCat(
        "program: ", ::testing::PrintToString(comparison.program),
        "\nreference: ", ::testing::PrintToString(comparison.reference),
        "\nrules:", RulesToText(rules), "\nframe of ", frame.size(),
        " bytes:", ToHex(frame));
  }

  std::optional<Filter> filter_;
  ReferenceFilter reference_{ReferenceFor(GetParam().default_verdict)};
  std::map<std::pair<fw_verdict, fw_reason>, std::uint64_t> seen_;
};

// What rules and frames must come to often enough: those that meet one kind of
// judgement rarely test it badly.
std::vector<Judgement> ExpectedJudgements(DefaultVerdict verdict) {
  std::vector<Judgement> judgements = {Passed(FW_REASON_NOT_IP),
                                       Dropped(FW_REASON_SOURCE_BLOCKED),
                                       Dropped(FW_REASON_PORT_BLOCKED),
                                       Dropped(FW_REASON_MALFORMED_IP),
                                       Dropped(FW_REASON_MALFORMED_TRANSPORT),
                                       Dropped(FW_REASON_TOO_DEEP),
                                       Passed(FW_REASON_FRAGMENT),
                                       Dropped(FW_REASON_FRAGMENT),
                                       Passed(FW_REASON_NEIGHBOR_DISCOVERY),
                                       Passed(FW_REASON_SOURCE_ALLOWED),
                                       Passed(FW_REASON_RULE),
                                       Dropped(FW_REASON_RULE),
                                       {FW_VERDICT_REJECT, FW_REASON_RULE}};
  const std::vector<Judgement> others =
      verdict == DefaultVerdict::kDrop
          ? std::vector<Judgement>{Dropped(FW_REASON_DEFAULT),
                                   Passed(FW_REASON_ESSENTIAL)}
          : std::vector<Judgement>{Passed(FW_REASON_NO_MATCH),
                                   Passed(FW_REASON_MALFORMED_IP),
                                   Passed(FW_REASON_MALFORMED_TRANSPORT),
                                   Passed(FW_REASON_TOO_DEEP)};
  judgements.insert(judgements.end(), others.begin(), others.end());
  return judgements;
}

TEST_P(DifferentialTest, ProgramAndReferenceJudgeAlike) {
  const std::uint64_t frames = FramesInAll() / kModes.size();
  ASSERT_GT(frames, 0u);
  const auto& [variant, default_verdict] = GetParam();
  const auto seed = kModes.size() * FirstSeed() +
                    2 * static_cast<std::uint64_t>(variant) +
                    static_cast<std::uint64_t>(default_verdict);
  Dice dice(seed);
  RandomFrames some(seed);
  ReferenceRules rules;
  for (std::uint64_t done = 0; done < frames; done += kFramesPerChange) {
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", frame ", done, " or after"));
    ChangeAtRandom(dice, Protocols(), rules);
    EndAtRandom(dice, rules);
    CompareSome(rules, some);
    if (HasFailure()) return;
  }
  if (frames < kFramesThatMeetAll) return;
  for (const Judgement& judgement : ExpectedJudgements(default_verdict)) {
    const std::uint64_t count = seen_[{judgement.verdict, judgement.reason}];
    EXPECT_GE(count, frames / 2000) << ::testing::PrintToString(judgement);
  }
}

std::string NameOf(const ::testing::TestParamInfo<Mode>& info) {
  const std::string suffix = info.param.default_verdict == DefaultVerdict::kDrop
                                 ? "DropByDefault"
                                 : "";
  switch (info.param.variant) {
    case ProgramVariant::kFast:
      return "Fast" + suffix;
    case ProgramVariant::kStrict:
      return "Strict" + suffix;
    case ProgramVariant::kCompat:
      return "Compat" + suffix;
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Modes, DifferentialTest, ::testing::ValuesIn(kModes),
                         NameOf);

}  // namespace
}  // namespace fwagent::testing
