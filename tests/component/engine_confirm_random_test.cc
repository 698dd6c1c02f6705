// Changes that are not confirmed, at random, among those of others: afterwards
// the policy is that of an engine which never heard of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/component/engine_on_disk.h"

namespace fwagent::core {
namespace {

using dataplane::MemoryDataPlane;

class EngineConfirmRandomTest : public EngineOnDisk {
 protected:
  EngineConfirmRandomTest() : reference_kernel_({.max_sources = 100'000}) {
    auto reference =
        Engine::Start(&reference_store_, &reference_kernel_, clocks_.Get());
    EXPECT_TRUE(reference.ok()) << reference.status();
    reference_ = *std::move(reference);
  }

  std::uint32_t Random(std::uint32_t below) {
    return static_cast<std::uint32_t>(generator_()) % below;
  }

  // `who` is the first octet of all prefixes, and a digit of all ports.
  Change Something(int who) {
    const auto prefix = [&] {
      return absl::StrCat(who, ".", Random(3), ".", Random(3), ".0/24");
    };
    const auto ports = [&] {
      const auto first = static_cast<std::uint32_t>(who) * 3 + Random(2);
      return Ports(first, first + Random(2));
    };
    const std::string set = Random(2) == 0 ? "a" : "b";
    switch (Random(8)) {
      case 0:
        return Block(Source(prefix()));
      case 1:
        return Unblock(Source(prefix()));
      case 2: {
        Change renewal = Block(Source(prefix()));
        renewal.edits[0].renew = true;
        renewal.edits[0].comment = absl::StrCat("renewed ", Random(100));
        return renewal;
      }
      case 3:
        return Block(ports());
      case 4:
        return Unblock(ports());
      case 5:
        return Fill(set, {prefix(), prefix(), prefix()}, SetEdit::Kind::kPut);
      case 6:
        return Fill(set, {prefix()}, SetEdit::Kind::kErase);
      default: {
        Change both;
        both.edits.push_back({.match = Source(prefix()), .comment = "both"});
        const std::string other = prefix();
        if (Source(other) != both.edits[0].match) {
          both.edits.push_back({.kind = Edit::Kind::kRemove,
                                .match = Source(other),
                                .comment = ""});
        }
        both.skip_satisfied = true;
        return both;
      }
    }
  }

  // Without ids, which the two engines give on their own.
  static std::string Meaning(const Engine& engine, MemoryDataPlane& kernel) {
    std::vector<std::string> lines;
    for (const policy::Rule& rule : engine.List(0, kAll).rules) {
      lines.push_back(
          absl::StrCat(policy::MatchToString(rule.match), " ", rule.comment));
    }
    for (const policy::SetOutcome& set : engine.Sets()) {
      std::string line = absl::StrCat(set.info.name, ":");
      const auto page = engine.ListEntries(set.info.name, {}, kAll);
      for (const auto& entry : page->entries) {
        absl::StrAppend(&line, " ", entry.prefix.ToString());
      }
      lines.push_back(std::move(line));
    }
    const auto live = kernel.ReadSources();
    for (const auto& rule : **live) {
      lines.push_back(absl::StrCat("kernel: ", rule.prefix.ToString()));
    }
    const auto ports = kernel.ReadPorts();
    for (std::size_t port = 0; port < 100; ++port) {
      const auto& table = (*ports)[0];
      if (table->empty() || (*table)[port].id == 0) continue;
      lines.push_back(absl::StrCat("kernel: port ", port));
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) absl::StrAppend(&text, line, "\n");
    return text;
  }

  void DoInBoth(const Change& change) {
    const bool done = engine_->Apply(change).ok();
    EXPECT_EQ(reference_->Apply(change).ok(), done);
  }

  testing::MemoryStore reference_store_;
  MemoryDataPlane reference_kernel_;
  std::unique_ptr<Engine> reference_;
  std::mt19937 generator_{20'261'124};
};

TEST_F(EngineConfirmRandomTest, ThePolicyIsAsIfTheyHadNeverBeen) {
  DoInBoth(Fill("a", {"203.0.113.0/24"}));
  DoInBoth(Fill("b", {"203.0.113.0/24"}));
  int waited = 0;
  for (int round = 0; round < 300; ++round) {
    for (auto left = Random(4); left > 0; --left) DoInBoth(Something(7));
    Change unsure = Something(7);
    unsure.confirm_within = absl::Seconds(10);
    // Refused by both, or done by one of them; others leave its prefixes alone.
    engine_->Apply(unsure).IgnoreError();
    if (engine_->GetStatus().unconfirmed.has_value()) ++waited;
    for (auto left = Random(5); left > 0; --left) {
      if (Random(6) == 0) Restart();
      DoInBoth(Something(9));
    }
    const bool confirmed = Random(3) == 0;
    if (confirmed && engine_->Confirm(std::nullopt, "me").ok()) {
      unsure.confirm_within.reset();
      ASSERT_TRUE(reference_->Apply(unsure).ok());
    }
    clocks_.Advance(absl::Seconds(11));
    if (Random(3) == 0) Restart();
    if (const auto late = engine_->TakeBackOfOverdue()) Do(*late);
    ASSERT_EQ(Meaning(*engine_, kernel_),
              Meaning(*reference_, reference_kernel_))
        << round;
    ASSERT_FALSE(engine_->GetStatus().unconfirmed.has_value());
  }
  EXPECT_GT(waited, 100);
}

}  // namespace
}  // namespace fwagent::core
