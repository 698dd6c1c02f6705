// What a pattern of interface names means, and what it does not.
#include "agent/util/name_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace fwagent::util {
namespace {

TEST(NamePatternTest, MeansTheNamesThatItShould) {
  struct Row {
    const char* pattern;
    const char* name;
    bool matches;
  };
  for (const Row& row : {
           Row{"eth0", "eth0", true},       Row{"eth0", "eth1", false},
           Row{"eth0", "eth0.7", false},    Row{"eth*", "eth0", true},
           Row{"eth*", "eth", true},        Row{"eth*", "eth0.7", true},
           Row{"eth*", "veth0", false},     Row{"*eth*", "veth0", true},
           Row{"eth?", "eth0", true},       Row{"eth?", "eth", false},
           Row{"eth?", "eth10", false},     Row{"*0", "eth00", true},
           Row{"*0", "eth01", false},       Row{"e*h*0", "eth1h0", true},
           Row{"e*h*0", "eth1h", false},    Row{"*", "wlan0", true},
           Row{"**", "wlan0", true},        Row{"*", "lo", false},
           Row{"l?", "lo", false},          Row{"lo", "lo", true},
           Row{"lo*", "lo1", true},         Row{"eth[0]", "eth0", false},
           Row{"eth[0]", "eth[0]", true},   Row{"eth?", "eth*", true},
           Row{"eth0*", "eth*", false},     Row{"a*b*c*d", "abcabd", true},
           Row{"a*b*c*d", "abdabc", false},
       }) {
    EXPECT_EQ(Matches(row.pattern, row.name), row.matches)
        << row.pattern << " and " << row.name;
  }
}

TEST(NamePatternTest, OverlapIsThatSomeNameIsMeantByBoth) {
  struct Row {
    const char* a;
    const char* b;
    bool overlap;
  };
  for (const Row& row : {
           Row{"eth0", "eth0", true},
           Row{"eth0", "eth1", false},
           Row{"eth0", "eth*", true},
           Row{"eth0", "veth*", false},
           Row{"eth*", "*0", true},
           Row{"eth*", "veth*", false},
           Row{"e?0", "?t?", true},
           Row{"e?0", "?t?1", false},
           Row{"eth?", "eth??", false},
           Row{"eth*?", "eth??", true},
           Row{"*", "?", true},
           Row{"lo", "*", false},
       }) {
    EXPECT_EQ(Overlap(row.a, row.b), row.overlap) << row.a << " and " << row.b;
    EXPECT_EQ(Overlap(row.b, row.a), row.overlap) << row.b << " and " << row.a;
  }
}

TEST(NamePatternTest, PatternsMayBeLongerThanNames) {
  EXPECT_TRUE(IsNameOrPattern("fifteen-letters"));
  EXPECT_FALSE(IsNameOrPattern("sixteen-letters0"));
  EXPECT_TRUE(IsNameOrPattern("sixteen-letters*"));
  EXPECT_FALSE(IsNameOrPattern(std::string(kMaxPatternBytes, 'x') + "*"));
  for (const char* text : {"", "a/b", "eth0:1", "a b", "*/", ".", ".."}) {
    EXPECT_FALSE(IsNameOrPattern(text)) << text;
  }
}

// A pattern of stars must not take long.
TEST(NamePatternTest, ManyStarsCostLittle) {
  const std::string stars(kMaxPatternBytes, '*');
  EXPECT_TRUE(Matches(stars, "fifteen-letters"));
  EXPECT_TRUE(Overlap(stars, stars));
  EXPECT_FALSE(Overlap(stars + "a", stars + "b"));
  EXPECT_FALSE(Matches("*a*a*a*a*a*a*ab", "aaaaaaaaaaaaaaa"));
}

}  // namespace
}  // namespace fwagent::util
