// Shapes that tables are bad at.
#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/source_world_contract.h"

namespace fwagent::testing {

using policy::Prefix;
using policy::SourceRule;

TEST_P(SourceWorldContract, EverythingUnderOneZero) {
  for (const char* host : {"192.0.2.1", "2001:db8::1"}) {
    for (const int length : {32, 24, 16, 9}) {
      ASSERT_EQ(trial().Add(Block(P(host, length))), absl::OkStatus());
    }
    for (const SourceRule& all :
         {Block(P(host, 0)), Allow(P(host, 0)), Classify(P(host, 0), 63)}) {
      ASSERT_EQ(trial().Add(all), absl::OkStatus());
      ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
    }
    ASSERT_EQ(trial().Remove(P(host, 0)), absl::OkStatus());
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  }
}

TEST_P(SourceWorldContract, NestedFromTheShortestOn) {
  for (const char* host : {"192.0.2.77", "2001:db8:1:2:3:4:5:77"}) {
    for (int length = 0; length <= AddressBits(P(host, 0).family()); ++length) {
      ASSERT_EQ(trial().Add(Block(P(host, length))), absl::OkStatus());
    }
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
    for (int length = 0; length <= AddressBits(P(host, 0).family()); ++length) {
      ASSERT_EQ(trial().Remove(P(host, length)), absl::OkStatus());
    }
  }
}

TEST_P(SourceWorldContract, NestedFromTheLongestOn) {
  for (const char* host : {"192.0.2.77", "2001:db8:1:2:3:4:5:77"}) {
    for (int length = AddressBits(P(host, 0).family()); length >= 0; --length) {
      ASSERT_EQ(trial().Add(Block(P(host, length))), absl::OkStatus());
    }
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
    for (int length = AddressBits(P(host, 0).family()); length >= 0; --length) {
      ASSERT_EQ(trial().Remove(P(host, length)), absl::OkStatus());
    }
  }
}

// The innermost allow reaches nobody else, the outermost one everybody.
TEST_P(SourceWorldContract, NestedWithAllowsAndClasses) {
  for (const char* host : {"198.51.100.77", "2001:db8:1:2:3:4:5:77"}) {
    std::vector<SourceRule> rules;
    const int bits = AddressBits(P(host, 0).family());
    for (int length = 0; length <= bits; ++length) {
      rules.push_back(length % 3 == 0   ? Classify(P(host, length), length % 64)
                      : length % 3 == 1 ? Block(P(host, length))
                                        : Allow(P(host, length)));
    }
    ASSERT_EQ(trial().Replace(rules), absl::OkStatus());
    for (int length = 2; length <= bits; length += 3) {
      ASSERT_EQ(trial().Remove(P(host, length)), absl::OkStatus());
      ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
    }
  }
}

TEST_P(SourceWorldContract, AllHostsOfOnePlace) {
  for (int host = 0; host < 256; ++host) {
    ASSERT_EQ(trial().Add(Block(P(absl::StrCat("203.0.113.", host), 32))),
              absl::OkStatus());
    ASSERT_EQ(
        trial().Add(Block(P(absl::StrCat("2001:db8::", absl::Hex(host)), 128))),
        absl::OkStatus());
  }
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  for (int host = 0; host < 256; host += 2) {
    ASSERT_EQ(trial().Remove(P(absl::StrCat("203.0.113.", host), 32)),
              absl::OkStatus());
  }
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
}

// All that can lie together in the buckets: more than lines have slots.
TEST_P(SourceWorldContract, EveryPrefixOfOnePlace) {
  std::vector<Prefix> prefixes;
  for (int length = 25; length <= 32; ++length) {
    for (int host = 0; host < 256; host += 1 << (32 - length)) {
      prefixes.push_back(P(absl::StrCat("203.0.113.", host), length));
    }
  }
  for (const Prefix& prefix : prefixes) {
    ASSERT_EQ(trial().Add(Block(prefix)), absl::OkStatus());
  }
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  for (std::size_t i = 0; i < prefixes.size(); i += 2) {
    ASSERT_EQ(trial().Remove(prefixes[i]), absl::OkStatus());
  }
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
}

// Many that lie together, for as many as tables are filled with.
TEST_P(SourceWorldContract, EveryPrefixOfALengthOfManyPlaces) {
  for (const int length : {27, 28, 31}) {
    std::vector<SourceRule> rules;
    for (int place = 0; place < 64; ++place) {
      for (int host = 0; host < 256; host += 1 << (32 - length)) {
        rules.push_back(
            Block(P(absl::StrCat("198.51.", place, ".", host), length)));
      }
    }
    ASSERT_EQ(trial().Replace(rules), absl::OkStatus());
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  }
}

// As many entries as a chunk has places; then as many words half full.
TEST_P(SourceWorldContract, EachPlaceOfAChunkByAnotherRule) {
  for (const int step : {1, 2}) {
    std::vector<SourceRule> rules;
    for (int place = 0; place < 256; place += step) {
      const std::string high = absl::StrCat(absl::Hex(place, absl::kZeroPad2));
      rules.push_back(Block(P(absl::StrCat("198.51.", place, ".0"), 24)));
      rules.push_back(Block(P(absl::StrCat("2001:", high, "00::"), 24)));
    }
    ASSERT_EQ(trial().Replace(rules), absl::OkStatus());
    ASSERT_EQ(trial().Remove(P("198.51.100.0", 24)), absl::OkStatus());
    ASSERT_EQ(trial().Add(Block(P("198.51.100.0", 24))), absl::OkStatus());
    ASSERT_EQ(trial().Add(Block(P("198.51.100.1", 32))), absl::OkStatus());
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  }
}

TEST_P(SourceWorldContract, ShortOverManyLonger) {
  std::vector<SourceRule> rules;
  for (int i = 0; i < 256; ++i) {
    rules.push_back(Block(P(absl::StrCat("198.", i, ".100.1"), 32)));
    rules.push_back(Block(P(absl::StrCat("198.51.", i, ".0"), 24)));
    rules.push_back(
        Block(P(absl::StrCat("2001:db8:", absl::Hex(i), "::"), 48)));
  }
  ASSERT_EQ(trial().Replace(rules), absl::OkStatus());
  for (const SourceRule& rule :
       {Block(P("198.0.0.0", 8)), Allow(P("0.0.0.0", 0)),
        Classify(P("198.51.0.0", 16), 7), Allow(P("198.51.100.0", 22)),
        Block(P("2001:db8::", 32)), Allow(P("2001:db8::", 29)),
        Allow(P("::", 0))}) {
    ASSERT_EQ(trial().Add(rule), absl::OkStatus());
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
    ASSERT_EQ(trial().Remove(rule.prefix), absl::OkStatus());
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  }
}

// More than a subtree can hold, one after the other and in any order.
TEST_P(SourceWorldContract, ManyLengthsInOnePlace) {
  std::vector<Prefix> prefixes;
  for (const int length : {128, 33, 64, 48, 127, 40, 56, 96, 112, 72, 34, 80}) {
    for (const char* host : {"2001:db8::1", "2001:db8:ffff::1"}) {
      prefixes.push_back(P(host, length));
      ASSERT_EQ(trial().Add(Block(prefixes.back())), absl::OkStatus());
    }
  }
  ASSERT_EQ(trial().Add(Block(P("2001:db8::", 32))), absl::OkStatus());
  ASSERT_EQ(trial().Add(Block(P("2001:db8::", 30))), absl::OkStatus());
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  ASSERT_EQ(trial().Remove(P("2001:db8::", 32)), absl::OkStatus());
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  for (const Prefix& prefix : prefixes) {
    ASSERT_EQ(trial().Remove(prefix), absl::OkStatus());
  }
}

TEST_P(SourceWorldContract, TheLastAndTheFirstAddress) {
  for (const char* host : {"0.0.0.0", "255.255.255.255", "::", "::1",
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    const int bits = AddressBits(P(host, 0).family());
    ASSERT_EQ(trial().Add(Block(P(host, bits))), absl::OkStatus());
    ASSERT_EQ(trial().Add(Block(P(host, bits - 1))), absl::OkStatus());
  }
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  ASSERT_EQ(trial().Remove(P("::", 128)), absl::OkStatus());
  ASSERT_EQ(trial().Add(Block(P("::", 128))), absl::OkStatus());
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
}

TEST_P(SourceWorldContract, TheSamePrefixTwiceGetsTheSecondRule) {
  for (const char* host : {"192.0.2.1", "2001:db8::1"}) {
    for (const int length : {0, 12, 16, 24, 28, 32}) {
      const Prefix prefix = P(host, length);
      for (const SourceRule& rule :
           {Block(prefix), Block(prefix), Allow(prefix), Classify(prefix, 0),
            Block(prefix)}) {
        ASSERT_EQ(trial().Add(rule), absl::OkStatus());
      }
    }
  }
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
}

TEST_P(SourceWorldContract, WhatIsNotThereCannotBeRemoved) {
  for (const char* host : {"192.0.2.1", "2001:db8::1"}) {
    const int bits = AddressBits(P(host, 0).family());
    ASSERT_EQ(trial().Remove(P(host, bits)), absl::OkStatus());
    ASSERT_EQ(trial().Add(Block(P(host, 24))), absl::OkStatus());
    for (const int length : {0, 23, 25, bits}) {
      ASSERT_EQ(trial().Remove(P(host, length)), absl::OkStatus());
    }
    ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  }
}

TEST_P(SourceWorldContract, APrefixTwiceInABulkIsRefusedAndNothingChanges) {
  ASSERT_EQ(trial().Add(Block(P("192.0.2.1", 32))), absl::OkStatus());
  ASSERT_EQ(trial().Add(Block(P("2001:db8::1", 128))), absl::OkStatus());
  const SourceRule rule = Block(P("198.51.100.0", 24));
  EXPECT_FALSE(trial().Replace({rule, Block(P("2001:db8::", 32)), rule}).ok());
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  const SourceRule rule6 = Block(P("2001:db8::", 64));
  EXPECT_FALSE(trial().Replace({rule, rule6, rule6}).ok());
  ASSERT_EQ(trial().CheckEverything(), absl::OkStatus());
  EXPECT_EQ(trial().Replace({rule, rule6}), absl::OkStatus());
}

}  // namespace fwagent::testing
