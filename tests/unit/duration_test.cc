#include "agent/text/duration.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace fwagent::text {
namespace {

TEST(Duration, ATtlIsReadAsPeopleWriteIt) {
  const std::pair<const char*, absl::Duration> rows[] = {
      {"90s", absl::Seconds(90)},
      {"10m", absl::Minutes(10)},
      {"2h", absl::Hours(2)},
      {"7d", absl::Hours(168)},
      {"1h30m", absl::Minutes(90)},
      {"1d12h", absl::Hours(36)},
      {"0d1s", absl::Seconds(1)},
      {"600", absl::Seconds(600)},
      {"0.5", absl::Milliseconds(500)},
      {"500ms", absl::Milliseconds(500)},
      {"3650d", absl::Hours(87'600)},
      // For the agent to refuse.
      {"0", absl::ZeroDuration()},
      {"-5m", -absl::Minutes(5)},
      {"20000d", absl::Hours(480'000)},
  };
  for (const auto& [text, duration] : rows) {
    const auto read = ReadTtl("--ttl", text);
    ASSERT_TRUE(read.ok()) << text << ": " << read.status();
    EXPECT_EQ(*read, duration) << text;
  }
}

TEST(Duration, WhatIsNoTtlIsRefusedByItsOption) {
  for (const std::string text :
       {"", "d", "1x", "m10", "7 d", "1d30", "1d-5h", "-1d", "1.5d", "inf",
        "-inf", "nan", "1d1d", "99999999999d", "1e300", "for ever", "10m "}) {
    const auto read = ReadTtl("--ttl", text);
    ASSERT_FALSE(read.ok()) << text << ": " << *read;
    EXPECT_EQ(read.status().message(),
              "--ttl: \"" + text +
                  "\" is not a duration such as 90s, 10m, 1h30m or 7d");
  }
}

TEST(Duration, ATimeHasAZone) {
  for (const std::string text :
       {"2026-12-01T12:00:00Z", "2026-12-01T14:00:00+02:00",
        "2026-12-01T12:00:00.000Z", "2026-12-01T12:00:00+00:00"}) {
    const auto read = ReadTime("--until", text);
    ASSERT_TRUE(read.ok()) << text << ": " << read.status();
    EXPECT_EQ(absl::ToUnixSeconds(*read), 1'796'126'400) << text;
  }
  for (const std::string text :
       {"", "2026-12-01", "2026-12-01T12:00:00", "12:00", "tomorrow",
        "infinite-future", "20260-12-01T12:00:00Z", "2026-13-01T12:00:00Z",
        "1796126400"}) {
    EXPECT_FALSE(ReadTime("--until", text).ok()) << text;
  }
}

TEST(Duration, TextHasTheTwoLargestUnits) {
  const std::pair<absl::Duration, const char*> rows[] = {
      {absl::ZeroDuration(), "0s"},
      {-absl::Hours(1), "0s"},
      {absl::Nanoseconds(1), "1s"},
      {absl::Seconds(59.5), "1m"},
      {absl::Seconds(598), "9m58s"},
      {absl::Minutes(10), "10m"},
      {absl::Seconds(3605), "1h"},
      {absl::Minutes(90), "1h30m"},
      {absl::Hours(24 * 7), "7d"},
      {absl::Hours(24 * 7) - absl::Seconds(1), "6d23h"},
  };
  for (const auto& [duration, text] : rows) {
    EXPECT_EQ(DurationText(duration), text);
  }
}

}  // namespace
}  // namespace fwagent::text
