// Agents that end and begin again, and agents that are replaced by another copy
// of the program, with many rules loaded.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/agent_host.h"
#include "tests/support/from_environment.h"
#include "tests/support/require_bpf.h"
#include "tests/torture/agent_client.h"
#include "tests/torture/report.h"
#include "tests/torture/steady_stream.h"
#include "tests/torture/target.h"

namespace fwagent::testing {
namespace {

using Clock = std::chrono::steady_clock;

class RestartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    SteadyStream::Prepare(*site_);
    wire_ = std::make_unique<Wire>(*site_);
    first_binary_ = site_->AgentCommand().front();
    second_binary_ = site_->dir() / "fwagent-of-another-version";
    std::filesystem::copy_file(first_binary_, second_binary_);
    ASSERT_TRUE(site_->StartAgent());
    ASSERT_NO_FATAL_FAILURE(kEntries > 0 ? LoadSet() : LoadRules());
    ASSERT_EQ(site_->Fwctl({"block-ip", kGuiltyIPv4}).exit_code, 0);
  }

  void LoadRules() {
    AgentClient agent(site_->address());
    const absl::Status loaded = agent.BlockHosts(kRules);
    ASSERT_TRUE(loaded.ok()) << loaded;
  }

  // Hosts that are no neighbours, from 20.0.0.0 on.
  void LoadSet() {
    constexpr std::uint32_t kFirst = 20u << 24;
    constexpr std::uint32_t kApart = 6;
    const std::string list = site_->dir() / "list";
    {
      std::ofstream file(list);
      for (std::uint32_t i = 0; i < kEntries; ++i) {
        const std::uint32_t host = kFirst + kApart * i;
        file << (host >> 24) << '.' << (host >> 16 & 0xff) << '.'
             << (host >> 8 & 0xff) << '.' << (host & 0xff) << '\n';
      }
    }
    ASSERT_EQ(site_->Fwctl({"set", "import", "list", list}).exit_code, 0);
  }

  // From here until a rule that was changed then is in force.
  void Start(const std::string& binary) {
    const auto begin = Clock::now();
    std::vector<std::string> command = site_->AgentCommand();
    command.front() = binary;
    agent_ = std::make_unique<Process>(
        ProcessOptions{.argv = command, .netns_path = site_->host().path()});
    ASSERT_TRUE(agent_->WaitForErr(" ready\n")) << agent_->Err();
    AgentClient agent(site_->address());
    Change(agent, true);
    EXPECT_FALSE(wire_->Passes(changed_)) << "acknowledged and not enforced";
    times_ms_.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - begin)
            .count());
    EXPECT_FALSE(wire_->Passes(loaded_)) << "a rule of before";
    Change(agent, false);
    EXPECT_TRUE(wire_->Passes(changed_)) << "lifted and still enforced";
  }

  void Change(AgentClient& agent, bool block) {
    const auto answer =
        agent.Send({.toggles = {{&changed_, block}}, .request_id = ""});
    ASSERT_TRUE(answer.ok()) << answer.status();
  }

  void Stop() {
    agent_->Signal(SIGTERM);
    const ProcessResult result = agent_->Wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_FALSE(wire_->Passes(loaded_)) << "while there is no agent";
  }

  // Every other time the other copy of the program, if there are two.
  void Repeat(const std::string& what,
              const std::vector<std::string>& binaries) {
    const std::uint64_t times = FromEnvironment("FW_TORTURE_RESTARTS", 10);
    site_->StopAgent(SIGTERM);
    SteadyStream stream(*site_);
    for (std::uint64_t round = 0; round < times; ++round) {
      SCOPED_TRACE(absl::StrCat("start ", round + 1, " of ", times));
      ASSERT_NO_FATAL_FAILURE(Start(binaries[round % binaries.size()]));
      Stop();
      if (HasFailure()) break;
    }
    const StreamCounts counts = stream.Stop();
    ExpectNoneThroughAndNoneLost(counts);
    const std::string load = kEntries > 0 ? absl::StrCat("a set of ", kEntries)
                                          : absl::StrCat(kRules, " rules");
    Report(absl::StrCat(what, ", ", times, " times, ", load), counts);
  }

  void Report(const std::string& fault, const StreamCounts& counts) {
    std::sort(times_ms_.begin(), times_ms_.end());
    ReportRow(fault,
              absl::StrCat(StreamText(counts),
                           "; a changed rule enforced again after ",
                           std::int64_t(times_ms_[times_ms_.size() / 2]),
                           " ms (median), ", std::int64_t(times_ms_.back()),
                           " ms (worst)"));
  }

  const std::uint32_t kRules =
      static_cast<std::uint32_t>(FromEnvironment("FW_TORTURE_RULES", 10'000));
  const std::uint32_t kEntries =
      static_cast<std::uint32_t>(FromEnvironment("FW_TORTURE_ENTRIES", 0));
  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<Process> agent_;  // goes before its folders
  std::string first_binary_;
  std::string second_binary_;
  std::vector<double> times_ms_;
  const Target changed_ = SourceTarget("198.51.100.0/24", "198.51.100.7");
  const Target loaded_ = SourceTarget("20.0.1.2", "20.0.1.2");
};

TEST_F(RestartTest, Restarts) { Repeat("restart", {first_binary_}); }

TEST_F(RestartTest, Upgrades) {
  Repeat("upgrade", {second_binary_, first_binary_});
}

}  // namespace
}  // namespace fwagent::testing
