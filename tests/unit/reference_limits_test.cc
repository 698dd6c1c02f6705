// What the reference makes of limits, and when it asks the program.
#include "tests/support/reference_limits.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace fwagent::testing {
namespace {

using policy::OrderedRule;
using std::chrono::seconds;

const Bytes kSource = {192, 0, 2, 1};

OrderedRule Limit(const std::string& words) {
  return {.id = 1,
          .match = *policy::PacketMatch::Parse(words, policy::kDefaultOrder),
          .action = policy::Action::kLimit};
}

TEST(ReferenceLimitsTest, WhoSharesABucket) {
  const Bytes neighbor = {192, 0, 2, 9};
  const Bytes other = {192, 0, 3, 1};
  struct Row {
    const char* scope;
    bool neighbor_exceeds;
    bool other_exceeds;
  };
  for (const Row& row : {Row{"rule", true, true}, Row{"network", true, false},
                         Row{"source", false, false}}) {
    const OrderedRule rule =
        Limit(std::string("rate 1/day burst 1 per ") + row.scope);
    ReferenceLimits limits;
    limits.SetRules({rule});
    EXPECT_FALSE(limits.Exceeds(rule, kSource, 60, {}));
    EXPECT_TRUE(limits.Exceeds(rule, kSource, 60, {}));
    EXPECT_EQ(limits.Exceeds(rule, neighbor, 60, {}), row.neighbor_exceeds)
        << row.scope;
    EXPECT_EQ(limits.Exceeds(rule, other, 60, {}), row.other_exceeds)
        << row.scope;
  }
}

TEST(ReferenceLimitsTest, WhatDependsOnTheMomentIsAsked) {
  const OrderedRule rule = Limit("rate 64bytes/second burst 2000bytes");
  ReferenceLimits limits;
  limits.SetRules({rule});
  int asked = 0;
  std::uint64_t counted = 0;
  limits.SetWitness([&](policy::RuleId) {
    ++asked;
    return counted;
  });
  EXPECT_FALSE(limits.Exceeds(rule, kSource, 1500, {}));
  EXPECT_TRUE(limits.Exceeds(rule, kSource, 1500, seconds(1)));
  EXPECT_EQ(asked, 0);
  // 564 bytes are there after a second.
  EXPECT_FALSE(limits.Exceeds(rule, kSource, 560, seconds(1)));
  EXPECT_EQ(asked, 1);
  counted = 1;
  EXPECT_TRUE(limits.Exceeds(rule, kSource, 60, seconds(2)));
  EXPECT_EQ(asked, 2);
}

TEST(ReferenceLimitsTest, WhoIsBlockedStaysSo) {
  const OrderedRule rule =
      Limit("rate 64bytes/second burst 2000bytes per source block 2h");
  ReferenceLimits limits;
  limits.SetRules({rule});
  EXPECT_FALSE(limits.Exceeds(rule, kSource, 1500, {}));
  EXPECT_TRUE(limits.Exceeds(rule, kSource, 1500, {}));
  EXPECT_TRUE(limits.Exceeds(rule, kSource, 20, {}));
}

TEST(ReferenceLimitsTest, WhatAnotherRuleTookIsNotTaken) {
  OrderedRule rule = Limit("rate 1/day burst 1");
  ReferenceLimits limits;
  limits.SetRules({rule});
  EXPECT_FALSE(limits.Exceeds(rule, kSource, 60, {}));
  limits.SetRules({rule});
  EXPECT_TRUE(limits.Exceeds(rule, kSource, 60, {})) << "it went on";
  rule.id = 2;
  limits.SetRules({rule});
  EXPECT_FALSE(limits.Exceeds(rule, kSource, 60, {}));
}

}  // namespace
}  // namespace fwagent::testing
