// What is read from memory means the same as what was written.
#include "agent/lookup/table_reader.h"

#include <gtest/gtest.h>

#include <map>

#include "agent/util/errno_status.h"
#include "tests/support/heap_source_world.h"
#include "tests/support/source_trial.h"

namespace fwagent::testing {
namespace {

using lookup::Address4;
using lookup::Address6;
using lookup::Fold;

// The finding of the longest prefix says it all.
template <typename Address>
Fold Asked(const std::map<lookup::Key<Address>, Fold>& findings,
           Address address) {
  for (int length = lookup::kBits<Address>; length >= 0; --length) {
    const auto found = findings.find(
        {lookup::Truncate(address, length), static_cast<std::uint8_t>(length)});
    if (found != findings.end()) return found->second;
  }
  return {};
}

template <typename Address>
std::map<lookup::Key<Address>, Fold> ReadAll(HeapSourceWorld& world) {
  std::map<lookup::Key<Address>, Fold> findings;
  for (const auto& finding : lookup::ReadTable<Address>(world.memory())) {
    EXPECT_TRUE(findings.emplace(finding.key, finding.fold).second)
        << PrefixOf(finding.key).ToString() << " comes twice";
  }
  return findings;
}

TEST(TableReader, MeansWhatLookUpsFind) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    HeapSourceWorld world;
    SourceTrial trial(world, seed, {});
    for (int step = 0; step < 300; ++step) {
      ASSERT_EQ(trial.Step({.allows = 10, .classes = 5, .timed = 20}, 150),
                absl::OkStatus());
      if (step % 20 != 0) continue;
      const auto findings4 = ReadAll<Address4>(world);
      const auto findings6 = ReadAll<Address6>(world);
      for (const policy::SourceRule& rule : trial.rules()) {
        for (const Question& question : trial.QuestionsAbout(rule.prefix)) {
          const Fold read =
              question.family == policy::Family::kIPv4
                  ? Asked(findings4, static_cast<Address4>(question.address))
                  : Asked(findings6, question.address);
          ASSERT_EQ(read, world.Ask(question))
              << "seed " << seed << ", step " << step << ", "
              << ToString(question);
        }
      }
    }
  }
}

TEST(TableReader, ReadsNothingFromAnEmptyTable) {
  HeapSourceWorld world;
  EXPECT_TRUE(lookup::ReadTable<Address4>(world.memory()).empty());
  EXPECT_TRUE(lookup::ReadTable<Address6>(world.memory()).empty());
}

}  // namespace
}  // namespace fwagent::testing
