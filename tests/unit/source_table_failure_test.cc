// Memory that runs out in the middle of a change.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"
#include "tests/support/heap_source_world.h"
#include "tests/support/source_trial.h"

namespace fwagent::testing {
namespace {

using policy::Prefix;
using policy::SourceRule;
using policy::SourceVerdict;

SourceRule Rule(const std::string& prefix, policy::RuleId id,
                SourceVerdict verdict = SourceVerdict::kBlock,
                policy::SourceClasses classes = 0) {
  return {.prefix = *Prefix::Parse(prefix),
          .id = id,
          .verdict = verdict,
          .classes = classes};
}

// A change that must fail as often as memory runs out, and then succeed.
using Change = std::function<absl::Status(SourceWorld&)>;

class SourceTableFailure : public ::testing::Test {
 protected:
  SourceTableFailure() : trial_(world_, 1, {}) {}

  void SetUp() override {
    ASSERT_EQ(
        trial_.Replace({Rule("192.0.2.0/24", 1), Rule("192.0.2.1", 2),
                        Rule("198.51.100.0/25", 3), Rule("203.0.113.7", 4),
                        Rule("2001:db8::/32", 5), Rule("2001:db8:1::/48", 6),
                        Rule("2001:db8::1", 7, SourceVerdict::kAllow, 1)}),
        absl::OkStatus());
  }

  // Lets one more slab be had each time. Returns how often the change failed;
  // it has been undone in the end.
  int FailForLackOfSlabs(const Change& change) {
    const std::size_t before = world_.memory().slab_count();
    int failures = 0;
    const Used used = UsedNow();
    for (std::size_t limit = before;; ++limit, ++failures) {
      world_.memory().set_slab_limit(limit);
      const absl::Status status = change(world_);
      if (status.ok()) break;
      ExpectUnchanged(status, before);
      EXPECT_EQ(UsedNow(), used);
      if (HasFailure()) return failures;
    }
    world_.memory().set_slab_limit(FW_SLABS);
    return failures;
  }

  // Else look-ups would be slower than before.
  using Used = std::vector<__u64>;
  Used UsedNow() {
    const __u64* used = world_.memory().used();
    return {used, used + FW_ROOT_WORDS};
  }

  void FailToConnect(const Change& change) {
    const std::size_t before = world_.memory().slab_count();
    const Used used = UsedNow();
    world_.memory().FailConnects(1);
    ExpectUnchanged(change(world_), before);
    EXPECT_EQ(UsedNow(), used);
    EXPECT_EQ(change(world_), absl::OkStatus());
  }

  void ExpectUnchanged(const absl::Status& status, std::size_t slab_count) {
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_EQ(trial_.CheckEverything(), absl::OkStatus());
    EXPECT_EQ(world_.memory().slab_count(), slab_count);
  }

  HeapSourceWorld world_;
  SourceTrial trial_;
};

// They take a new generation.
const SourceRule kFarReaching[] = {
    Rule("0.0.0.0/0", 100), Rule("192.0.2.0/24", 101, SourceVerdict::kAllow),
    Rule("198.51.100.0/24", 102, SourceVerdict::kNone, 4), Rule("::/0", 103),
    Rule("2001:db8::/32", 104, SourceVerdict::kAllow)};

TEST_F(SourceTableFailure, AddThatRebuilds) {
  for (const SourceRule& rule : kFarReaching) {
    SCOPED_TRACE(rule.prefix.ToString());
    const Change add = [&](SourceWorld& world) { return world.Add(rule); };
    EXPECT_GT(FailForLackOfSlabs(add), 1);
    // Now the trial knows it too; then everything is as at first.
    ASSERT_EQ(trial_.Add(rule), absl::OkStatus());
    ASSERT_EQ(trial_.Remove(rule.prefix), absl::OkStatus());
    SetUp();
    FailToConnect(add);
    ASSERT_EQ(trial_.Add(rule), absl::OkStatus());
    SetUp();
  }
}

TEST_F(SourceTableFailure, RemoveThatRebuilds) {
  for (const SourceRule& rule : kFarReaching) {
    SCOPED_TRACE(rule.prefix.ToString());
    const Change remove = [&](SourceWorld& world) {
      return world.Remove(rule.prefix);
    };
    ASSERT_EQ(trial_.Add(rule), absl::OkStatus());
    EXPECT_GT(FailForLackOfSlabs(remove), 1);
    SetUp();
    ASSERT_EQ(trial_.Add(rule), absl::OkStatus());
    FailToConnect(remove);
    SetUp();
  }
}

TEST_F(SourceTableFailure, Bulk) {
  std::vector<SourceRule> rules;
  for (int i = 0; i < 100'000; ++i) {
    const std::string tail = absl::StrCat(i / 256 % 256, ".", i % 256);
    rules.push_back(Rule(absl::StrCat("10.", i / 65536, ".", tail),
                         static_cast<policy::RuleId>(i) + 1));
  }
  rules.push_back(Rule("2001:db8::/64", 1));
  const Change replace = [&](SourceWorld& world) {
    return world.Replace(rules);
  };
  FailToConnect(replace);
  SetUp();
  EXPECT_GT(FailForLackOfSlabs(replace), 3);
  EXPECT_EQ(trial_.Replace({rules.front(), rules.back()}), absl::OkStatus());
}

// In place, until a slab is full: chunks and their entries, subtrees, meanings.
TEST_F(SourceTableFailure, AddInPlace) {
  const auto fill = [](int i) {
    const std::string low = absl::StrCat(i % 128 * 2);
    return Rule(absl::StrCat("10.", i / 128, ".", low, ".0/24"),
                static_cast<policy::RuleId>(i) + 1000, SourceVerdict::kBlock,
                policy::SourceClasses{1} << i % 64);
  };
  const std::size_t before = world_.memory().slab_count();
  world_.memory().set_slab_limit(before);
  int i = 0;
  absl::Status status;
  while (status.ok() && i < 128 * 256) {
    // Many of them change nothing but memory.
    status = world_.Add(fill(i));
    if (status.ok()) {
      ASSERT_EQ(trial_.Add(fill(i)), absl::OkStatus());
    }
    ++i;
  }
  ExpectUnchanged(status, before);
  world_.memory().set_slab_limit(FW_SLABS);
  world_.memory().FailConnects(1);
  ExpectUnchanged(world_.Add(fill(i - 1)), before);
  EXPECT_EQ(trial_.Add(fill(i - 1)), absl::OkStatus());
  EXPECT_EQ(trial_.CheckEverything(), absl::OkStatus());
}

// Prefixes below a new entry for their first 32 bits: it may have found room,
// and they not.
TEST_F(SourceTableFailure, BucketsThatAreFull) {
  const auto fill = [](int i, const char* length) {
    return Rule(absl::StrCat("2001:", absl::Hex(i), "::", length),
                static_cast<policy::RuleId>(i) + 1000);
  };
  world_.memory().set_slab_limit(world_.memory().slab_count());
  int failures = 0;
  for (int i = 0x1000; failures < 300 && i < 0xffff; ++i) {
    const absl::Status status = world_.Add(fill(i, "/48"));
    if (status.ok()) continue;
    ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    ++failures;
    const Question question = {
        policy::Family::kIPv6,
        lookup::KeyOf<lookup::Address6>(fill(i, "/48").prefix).address};
    EXPECT_EQ(world_.Ask(question).verdict, SourceVerdict::kNone);
    // In place, where there is room for it.
    if (!world_.Add(fill(i & ~15, "/28")).ok()) continue;
    EXPECT_EQ(world_.Ask(question).verdict, SourceVerdict::kBlock) << i;
    ASSERT_EQ(world_.Remove(fill(i & ~15, "/28").prefix), absl::OkStatus());
  }
  EXPECT_EQ(failures, 300);
  world_.memory().set_slab_limit(FW_SLABS);
  SetUp();
}

}  // namespace
}  // namespace fwagent::testing
