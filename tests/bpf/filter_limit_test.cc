// Rate limits: how much passes, of whom.
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

constexpr Judgement kLimited = {FW_VERDICT_DROP, FW_REASON_LIMIT};

double Now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) +
         static_cast<double>(now.tv_nsec) / 1e9;
}

class FilterLimitTest : public FilterTest {
 protected:
  static void Load(const std::string& rule) {
    // Each rule here has a bucket that nobody has emptied.
    static policy::RuleId id = 1000;
    auto ordered = OrderedOf({.ordered = {rule}});
    ASSERT_TRUE(ordered.ok()) << ordered.status();
    ordered->rules[0].id = ++id;
    ASSERT_EQ(filter().SetOrdered(*ordered), absl::OkStatus());
  }

  static std::uint64_t Passed() {
    const auto counters = filter().ReadCounters(0);
    return counters[FW_VERDICT_PASS][FW_REASON_NO_MATCH].packets;
  }
};

Bytes From(const std::string& source) {
  return (Ethernet{} / IPv4{.src = source} / Udp{}).ToBytes();
}

TEST_F(FilterLimitTest, ABurstPassesAndNoMore) {
  Load("limit from 192.0.2.0/24 rate 1/day burst 3");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(filter().Run(From("192.0.2.1")), kPassed) << i;
  }
  EXPECT_EQ(filter().Run(From("192.0.2.1")), kLimited);
  EXPECT_EQ(filter().Run(From("192.0.2.2")), kLimited) << "all share it";
  EXPECT_EQ(filter().Run(From("192.0.3.1")), kPassed) << "the twin";
}

TEST_F(FilterLimitTest, SourcesHaveBucketsOfTheirOwn) {
  Load("limit rate 1/day burst 1 per source");
  EXPECT_EQ(filter().Run(From("192.0.2.1")), kPassed);
  EXPECT_EQ(filter().Run(From("192.0.2.1")), kLimited);
  EXPECT_EQ(filter().Run(From("192.0.2.2")), kPassed);
  const auto from6 = [](const std::string& source) {
    return (Ethernet{} / IPv6{.src = source} / Udp{}).ToBytes();
  };
  EXPECT_EQ(filter().Run(from6("2001:db8::1")), kPassed);
  EXPECT_EQ(filter().Run(from6("2001:db8::1")), kLimited);
  EXPECT_EQ(filter().Run(from6("2001:db8::2")), kPassed);
}

TEST_F(FilterLimitTest, NetworksToo) {
  Load("limit rate 1/day burst 1 per network");
  EXPECT_EQ(filter().Run(From("192.0.2.1")), kPassed);
  EXPECT_EQ(filter().Run(From("192.0.2.255")), kLimited);
  EXPECT_EQ(filter().Run(From("192.0.3.1")), kPassed);
  const auto from6 = [](const std::string& source) {
    return (Ethernet{} / IPv6{.src = source} / Udp{}).ToBytes();
  };
  EXPECT_EQ(filter().Run(from6("2001:db8::1")), kPassed);
  EXPECT_EQ(filter().Run(from6("2001:db8::ffff:1")), kLimited);
  EXPECT_EQ(filter().Run(from6("2001:db8:0:1::1")), kPassed);
}

TEST_F(FilterLimitTest, BytesAreThoseOfTheIpPacket) {
  Load("limit rate 64bytes/second burst 2000bytes");
  const auto of = [](std::size_t bytes) {
    return (Ethernet{} / IPv4{} / Raw{.bytes = Bytes(bytes - 20)}).ToBytes();
  };
  EXPECT_EQ(filter().Run(of(1500)), kPassed);
  EXPECT_EQ(filter().Run(of(600)), kLimited);
  EXPECT_EQ(filter().Run(of(400)), kPassed);
}

TEST_F(FilterLimitTest, WhoComesTooFastCanBeBlocked) {
  Load("limit rate 1000/second burst 1 per source block 60s");
  EXPECT_EQ(filter().Run(From("192.0.2.1")), kPassed);
  EXPECT_EQ(filter().Run(From("192.0.2.1")), kLimited);
  const timespec pause{.tv_sec = 0, .tv_nsec = 20'000'000};
  nanosleep(&pause, nullptr);
  EXPECT_EQ(filter().Run(From("192.0.2.1")), kLimited) << "blocked";
  EXPECT_EQ(filter().Run(From("192.0.2.2")), kPassed) << "the twin";
}

// The place of a rule that went is given to another one, its bucket is not.
TEST_F(FilterLimitTest, ANewRuleBeginsWithAFullBucket) {
  const Bytes frame = From("192.0.2.1");
  for (int i = 0; i < 3; ++i) {
    Load("limit rate 1/day burst 1");
    EXPECT_EQ(filter().Run(frame), kPassed) << i;
    EXPECT_EQ(filter().Run(frame), kLimited) << i;
  }
}

// A frame that looks cut off could go on in another buffer; it is still judged
// once only.
TEST_F(FilterLimitTest, WhatIsCutOffTakesOnce) {
  ASSERT_EQ(filter().BlockPorts({.ports = {{FW_PORT_TCP, 80, 80}}}),
            absl::OkStatus());
  Load("limit rate 1/day burst 2");
  const Bytes cut =
      (Ethernet{} / IPv4{.protocol = 6} / Raw{.bytes = {0, 1}}).ToBytes();
  EXPECT_EQ(filter().Run(cut), Dropped(FW_REASON_MALFORMED_TRANSPORT));
  EXPECT_EQ(filter().Run(cut), Dropped(FW_REASON_MALFORMED_TRANSPORT));
  EXPECT_EQ(filter().Run(cut), kLimited);
  const auto hits = filter().ReadHits();
  ASSERT_TRUE(hits.ok()) << hits.status();
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_EQ(hits->front().count.packets, 1u);
  ASSERT_EQ(filter().BlockPorts(Rules{}), absl::OkStatus());
}

// Exact to 2 % whatever the CPUs do: what passed is the burst, and the rate for
// as long as packets came. The burst is what comes in a second, so nothing is
// lost while a busy machine lets neither thread run.
TEST_F(FilterLimitTest, AllCpusTogetherKeepTheRate) {
  constexpr double kRate = 50'000;
  constexpr double kBurst = kRate;
  Load(absl::StrCat("limit rate ", kRate, "/second burst ", kBurst,
                    " per source"));
  const Bytes frame = From("192.0.2.77");
  const std::uint64_t before = Passed();
  const double start = Now();
  const auto send = [&frame] {
    for (int i = 0; i < 20; ++i) filter().Repeat(frame, 100'000);
  };
  std::thread other(send);
  send();
  other.join();
  const double seconds = Now() - start;
  const auto passed = static_cast<double>(Passed() - before);
  EXPECT_LE(passed, kBurst + kRate * seconds * 1.02);
  EXPECT_GE(passed, kBurst + kRate * seconds * 0.98);
}

// Sources for which there is no bucket share one; those that have one keep it.
TEST_F(FilterLimitTest, AFullTableTakesNothingFromAnybody) {
  Load("limit rate 1/hour burst 2 per source");
  const Bytes known = From("198.51.100.7");
  EXPECT_EQ(filter().Run(known), kPassed);
  int passed = 0;
  constexpr int kSources = 4 * FW_BUCKET_LINES * FW_BUCKET_LINE_SLOTS;
  for (int i = 0; i < kSources; ++i) {
    const Bytes frame =
        From(absl::StrCat("10.", i >> 16, ".", i >> 8 & 255, ".", i & 255));
    if (filter().Run(frame) == kPassed) ++passed;
  }
  // As many as there are buckets, nearly, and two of those that share one.
  EXPECT_LE(passed, FW_BUCKET_LINES * FW_BUCKET_LINE_SLOTS + 2);
  EXPECT_GE(passed, FW_BUCKET_LINES * FW_BUCKET_LINE_SLOTS / 2);
  EXPECT_EQ(filter().Run(known), kPassed) << "its second";
  EXPECT_EQ(filter().Run(known), kLimited);
}

}  // namespace
}  // namespace fwagent::testing
