// A long list replaced by another one at once, again and again, under packets
// each of which tells which list it was judged by.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/support/agent_host.h"
#include "tests/support/dice.h"
#include "tests/support/from_environment.h"
#include "tests/support/require_bpf.h"
#include "tests/support/wire.h"
#include "tests/torture/alternating_stream.h"
#include "tests/torture/report.h"
#include "tests/torture/steady_stream.h"

namespace fwagent::testing {
namespace {

constexpr std::uint32_t kEntries = 100'000;
constexpr std::uint64_t kSources = 1'000;

// An entry of a list, and an address in it.
struct Entry {
  std::string prefix;
  std::string address;
};

// Hosts, /28 and /24 of IPv4 and /64 of IPv6. Lists of different numbers have
// no address in common.
Entry EntryOf(int list, std::uint32_t number) {
  const auto v4 = [list](std::uint32_t rest) {
    return absl::StrCat(20 + list, ".", rest >> 16, ".", rest >> 8 & 0xff, ".",
                        rest & 0xff);
  };
  const std::uint32_t n = number / 4;
  switch (number % 4) {
    case 0:
      return {v4(8 * n), v4(8 * n)};
    case 1:
      return {v4((128u << 16) + 16 * n) + "/28", v4((128u << 16) + 16 * n + 5)};
    case 2:
      return {v4((16u << 16) + 256 * n) + "/24",
              v4((16u << 16) + 256 * n + 77)};
    default:
      const std::string net = absl::StrFormat("2001:db8:%d:%x::", list, n);
      return {net + "/64", net + "77"};
  }
}

class ReplaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    SteadyStream::Prepare(*site_);
    ASSERT_TRUE(site_->StartAgent());
    ASSERT_EQ(site_->Fwctl({"block-ip", kGuiltyIPv4}).exit_code, 0);
    WriteList("first", 1, 1);
    WriteList("second", 2, 2);
    WriteList("half", 1, 2);
    stream_ =
        std::make_unique<AlternatingStream>(*site_, SourcesOf(1), SourcesOf(2));
    ASSERT_EQ(Import("first"), 0);
  }

  // The first half of its entries are of one list, the second of the other.
  void WriteList(const std::string& name, int first_half, int second_half) {
    std::ofstream file(site_->dir() / name);
    for (std::uint32_t i = 0; i < kEntries; ++i) {
      file << EntryOf(i < kEntries / 2 ? first_half : second_half, i).prefix
           << '\n';
    }
  }

  // Everywhere in the list, of every kind.
  std::vector<std::string> SourcesOf(int list) {
    Dice dice(seed_);
    std::vector<std::string> addresses;
    for (std::uint64_t i = 0; i < kSources; ++i) {
      addresses.push_back(
          EntryOf(list, static_cast<std::uint32_t>(dice.Below(kEntries)))
              .address);
    }
    return addresses;
  }

  int Import(const std::string& list) {
    return site_->Fwctl({"set", "import", "list", site_->dir() / list})
        .exit_code;
  }

  // What packets show from before the first import until all of the sources had
  // a packet behind the acknowledgement of the last one.
  std::vector<InForce> ShownDuring(const std::vector<std::string>& imports) {
    std::vector<InForce> shown;
    for (std::uint64_t i = 0; i < 10; ++i) stream_->SendSome(shown);
    std::atomic<bool> done = false;
    std::thread importing([&] {
      for (const std::string& list : imports) EXPECT_EQ(Import(list), 0);
      done = true;
    });
    while (!done) stream_->SendSome(shown);
    importing.join();
    const std::size_t acknowledged = shown.size();
    while (shown.size() < acknowledged + 2 * kSources) {
      stream_->SendSome(shown);
    }
    acknowledged_packets_ = shown.size() - acknowledged;
    return shown;
  }

  const std::uint64_t seed_ = FromEnvironment("FW_TORTURE_SEED", 1);
  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<AlternatingStream> stream_;
  std::uint64_t acknowledged_packets_ = 0;
};

TEST_F(ReplaceTest, NoPacketIsJudgedByAMixture) {
  const std::uint64_t rounds = FromEnvironment("FW_TORTURE_REPLACES", 20);
  SteadyStream steady(*site_);
  std::uint64_t packets = 0;
  std::uint64_t mixtures = 0;
  std::uint64_t late = 0;
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    const bool to_second = round % 2 == 1;
    const std::vector<InForce> shown =
        ShownDuring({to_second ? "second" : "first"});
    const Replacement seen =
        Judge(shown, to_second ? InForce::kSecond : InForce::kFirst);
    EXPECT_EQ(seen.mixtures, 0u) << "of " << seen.behind;
    EXPECT_GT(seen.before, 0u) << "the old list was not in force at first";
    EXPECT_GE(seen.behind, acknowledged_packets_)
        << "the old list was in force behind the acknowledgement";
    packets += shown.size();
    mixtures += seen.mixtures;
    late += seen.behind < acknowledged_packets_ ? 1 : 0;
  }
  const StreamCounts counts = steady.Stop();
  ExpectNoneThroughAndNoneLost(counts);
  ReportRow(
      absl::StrCat("atomic replace of ", kEntries, " prefixes, ", rounds,
                   " times; seed ", seed_),
      absl::StrCat("packets judged ", packets, ", by a mixture ", mixtures,
                   "; rounds in which the old list was met behind the "
                   "acknowledgement ",
                   late, "; ", StreamText(counts)));
}

// That the check above sees what is not done at once.
TEST_F(ReplaceTest, AReplacementInTwoStepsIsSeen) {
  const Replacement seen =
      Judge(ShownDuring({"half", "second"}), InForce::kSecond);
  EXPECT_GT(seen.before, 0u);
  EXPECT_GT(seen.mixtures, 0u);
  EXPECT_LT(seen.mixtures, seen.behind);
}

}  // namespace
}  // namespace fwagent::testing
