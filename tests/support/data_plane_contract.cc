#include "tests/support/data_plane_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/require_bpf.h"
#include "tests/support/source_meaning.h"

namespace fwagent::testing {

using dataplane::InterfaceState;
using policy::PortTable;
using policy::Prefix;
using policy::RuleId;
using policy::SourceMeaning;
using policy::SourceRule;
using policy::SourceVerdict;
using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::Optional;

namespace {

std::vector<SourceRule> ReadSources(dataplane::DataPlane& plane) {
  const auto read = plane.ReadSources();
  if (read.ok() && read->has_value()) return **read;
  ADD_FAILURE() << "the sources cannot be read: " << read.status();
  return {};
}

std::string Text(const SourceMeaning& meaning) {
  return absl::StrCat("verdict ", static_cast<int>(meaning.verdict), ", rule ",
                      meaning.rule, ", classes ", meaning.classes);
}

}  // namespace

SourceMeaning DataPlaneWorld::MeaningOf(const Prefix& host) {
  return testing::MeaningOf(ReadSources(plane()), host);
}

void DataPlaneContract::SetUp() {
  auto world = GetParam()();
  SkipUnless(world.status());
  if (!world.ok()) return;
  world_ = *std::move(world);
  const absl::Status loaded = plane().ReplaceSources({});
  ASSERT_TRUE(loaded.ok()) << loaded;
}

Prefix DataPlaneContract::P(const char* text) {
  return Prefix::Parse(text).value();
}

SourceRule DataPlaneContract::Block(const char* prefix, RuleId id) {
  return {.prefix = P(prefix), .id = id, .verdict = SourceVerdict::kBlock};
}

SourceRule DataPlaneContract::Allow(const char* prefix, RuleId id) {
  return {.prefix = P(prefix), .id = id, .verdict = SourceVerdict::kAllow};
}

PortTable DataPlaneContract::TableWith(std::uint16_t port, RuleId rule) {
  PortTable table(65536);
  table[port] = rule;
  return table;
}

void DataPlaneContract::ExpectSources(const std::vector<SourceRule>& rules,
                                      const std::vector<SourceRule>& others) {
  const std::vector<SourceRule> read = ReadSources(plane());
  std::vector<Prefix> hosts = BoundaryHosts(others);
  for (const auto* some : {&rules, &read}) {
    const std::vector<Prefix> more = BoundaryHosts(*some);
    hosts.insert(hosts.end(), more.begin(), more.end());
  }
  for (const Prefix& host : hosts) {
    const std::string wanted = Text(MeaningOf(rules, host));
    EXPECT_EQ(Text(MeaningOf(read, host)), wanted) << host.ToString();
    EXPECT_EQ(Text(world_->MeaningOf(host)), wanted) << host.ToString();
  }
}

InterfaceState DataPlaneContract::StateOf(const std::string& name) {
  for (InterfaceState& state : plane().Interfaces()) {
    if (state.name == name) return state;
  }
  ADD_FAILURE() << name << " is not guarded";
  return {};
}

std::uint64_t DataPlaneContract::DropsOn(const std::string& name) {
  const auto outcome = std::find(
      policy::kOutcomes.begin(), policy::kOutcomes.end(),
      std::pair(policy::Verdict::kDrop, policy::Reason::kSourceBlocked));
  const auto index =
      static_cast<std::size_t>(outcome - policy::kOutcomes.begin());
  const auto all = plane().ReadCounters();
  EXPECT_TRUE(all.ok()) << all.status();
  for (const auto& counters : *all) {
    if (counters.interface == name) return counters.by_outcome[index].packets;
  }
  ADD_FAILURE() << name << " has no counters";
  return 0;
}

TEST_P(DataPlaneContract, StartsWithoutRulesAndInterfaces) {
  world_->Restart();
  EXPECT_THAT(ReadSources(plane()), IsEmpty());
  EXPECT_THAT(*plane().ReadPorts(), Each(Optional(IsEmpty())));
  EXPECT_THAT(plane().Interfaces(), IsEmpty());
  EXPECT_THAT(*plane().ReadCounters(), IsEmpty());
}

}  // namespace fwagent::testing
