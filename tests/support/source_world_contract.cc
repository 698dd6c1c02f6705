#include "tests/support/source_world_contract.h"

#include "absl/strings/str_cat.h"
#include "tests/support/require_bpf.h"

namespace fwagent::testing {

using policy::Prefix;
using policy::SourceRule;
using policy::SourceVerdict;

namespace {

// That a random sequence keeps to.
constexpr std::size_t kRules = 400;

template <typename Address>
Prefix Shorten(const Prefix& host, int length) {
  return lookup::PrefixOf(lookup::Key<Address>{
      lookup::Truncate(lookup::KeyOf<Address>(host).address, length),
      static_cast<std::uint8_t>(length)});
}

}  // namespace

void SourceWorldContract::SetUp() { MakeWorld(1); }

void SourceWorldContract::MakeWorld(std::uint64_t seed) {
  trial_.reset();
  world_.reset();
  auto world = GetParam().make();
  if (!world.ok()) {
    SkipUnless(world.status());
    return;
  }
  world_ = *std::move(world);
  trial_ = std::make_unique<SourceTrial>(*world_, seed, SourceTrial::Options{});
}

void SourceWorldContract::RunAtRandom(const RuleMix& mix) {
  for (int i = 1; i <= GetParam().seeds; ++i) {
    SCOPED_TRACE(absl::StrCat("seed ", i));
    MakeWorld(static_cast<std::uint64_t>(i));
    if (IsSkipped() || HasFailure()) return;
    for (int step = 0; step < GetParam().operations; ++step) {
      ASSERT_EQ(trial().Step(mix, kRules), absl::OkStatus());
    }
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  }
}

Prefix SourceWorldContract::P(const std::string& address, int length) {
  const auto host = Prefix::Parse(address);
  EXPECT_TRUE(host.ok()) << host.status();
  if (!host.ok()) return {};
  return host->family() == policy::Family::kIPv4
             ? Shorten<lookup::Address4>(*host, length)
             : Shorten<lookup::Address6>(*host, length);
}

SourceRule SourceWorldContract::Rule(const Prefix& prefix,
                                     SourceVerdict verdict) {
  return {.prefix = prefix, .id = ++last_id_, .verdict = verdict};
}

SourceRule SourceWorldContract::Block(const Prefix& prefix) {
  return Rule(prefix, SourceVerdict::kBlock);
}

SourceRule SourceWorldContract::Allow(const Prefix& prefix) {
  return Rule(prefix, SourceVerdict::kAllow);
}

SourceRule SourceWorldContract::Classify(const Prefix& prefix, int which) {
  SourceRule rule = Rule(prefix, SourceVerdict::kNone);
  rule.classes = policy::SourceClasses{1} << which;
  return rule;
}

}  // namespace fwagent::testing
