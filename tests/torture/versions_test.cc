// Upgrades from an earlier version of the program and ways back to it, under
// packets. versions.sh builds one and names it in FW_TORTURE_OLDER_AGENT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
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

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class VersionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const older = std::getenv("FW_TORTURE_OLDER_AGENT");
    if (older == nullptr) GTEST_SKIP() << "run by tests/torture/versions.sh";
    older_ = older;
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    SteadyStream::Prepare(*site_);
    wire_ = std::make_unique<Wire>(*site_);
    newer_ = site_->AgentCommand().front();
    ASSERT_NO_FATAL_FAILURE(Start(older_));
    AgentClient agent(site_->address());
    const absl::Status loaded = agent.BlockHosts(kRules);
    ASSERT_TRUE(loaded.ok()) << loaded;
    ASSERT_EQ(site_->Fwctl({"block-ip", kGuiltyIPv4}).exit_code, 0);
  }

  void Launch(const std::string& binary) {
    std::vector<std::string> command = site_->AgentCommand();
    command.front() = binary;
    agent_ = std::make_unique<Process>(
        ProcessOptions{.argv = command, .netns_path = site_->host().path()});
  }
  void Start(const std::string& binary) {
    Launch(binary);
    ASSERT_TRUE(agent_->WaitForErr(" ready\n")) << agent_->Err();
  }
  void Stop(int signal) {
    agent_->Signal(signal);
    const ProcessResult result = agent_->Wait();
    EXPECT_EQ(result.exit_code, signal == SIGTERM ? 0 : -signal) << result.err;
    EXPECT_FALSE(wire_->Passes(loaded_)) << "while there is no agent";
  }

  // Changes are acknowledged, enforced, and lifted.
  void ExpectInCharge() {
    EXPECT_FALSE(wire_->Passes(loaded_)) << "a rule of before";
    ASSERT_NO_FATAL_FAILURE(Change(changed_, true));
    EXPECT_FALSE(wire_->Passes(changed_)) << "acknowledged, not enforced";
    ASSERT_NO_FATAL_FAILURE(Change(changed_, false));
    EXPECT_TRUE(wire_->Passes(changed_)) << "lifted, still enforced";
  }
  void Change(const Target& target, bool block) {
    AgentClient agent(site_->address());
    const auto answer =
        agent.Send({.toggles = {{&target, block}}, .request_id = ""});
    ASSERT_TRUE(answer.ok()) << answer.status();
  }

  // As docs/ARCHITECTURE.md says it is done by hand, if the upgrade changed the
  // tables of the store.
  void GoBack() {
    const std::string file = site_->dir() / "state/fwagent.db";
    const std::string copy = KeptCopy(file);
    if (copy.empty()) return;
    Launch(older_);
    const ProcessResult refused = agent_->Wait();
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, HasSubstr("newer fwagent"));
    EXPECT_FALSE(wire_->Passes(since_)) << "until one goes back";
    fs::create_directory(site_->dir() / "newer");
    for (const char* suffix : {"", "-wal", "-shm"}) {
      if (!fs::exists(file + suffix)) continue;
      fs::rename(file + suffix,
                 site_->dir() / absl::StrCat("newer/fwagent.db", suffix));
    }
    fs::rename(copy, file);
    ++ways_back_;
  }

  // The upgrade left one, if any.
  static std::string KeptCopy(const std::string& file) {
    for (const auto& entry :
         fs::directory_iterator(fs::path(file).parent_path())) {
      const std::string path = entry.path();
      if (path.starts_with(file + ".schema-")) return path;
    }
    return "";
  }

  // With the older agent running at its beginning and at its end.
  void Round(int signal) {
    Stop(signal);
    ASSERT_NO_FATAL_FAILURE(Start(newer_));
    ASSERT_NO_FATAL_FAILURE(ExpectInCharge());
    ASSERT_NO_FATAL_FAILURE(Change(since_, true));
    Stop(signal);
    const int before = ways_back_;
    GoBack();
    ASSERT_NO_FATAL_FAILURE(Start(older_));
    ASSERT_NO_FATAL_FAILURE(ExpectInCharge());
    EXPECT_EQ(wire_->Passes(since_), ways_back_ > before);
    if (ways_back_ == before) Change(since_, false);
  }

  const std::uint32_t kRules =
      static_cast<std::uint32_t>(FromEnvironment("FW_TORTURE_RULES", 10'000));
  std::string older_;
  std::string newer_;
  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<Process> agent_;  // goes before its folders
  int ways_back_ = 0;
  const Target changed_ = SourceTarget("198.51.100.0/24", "198.51.100.7");
  const Target loaded_ = SourceTarget("20.0.1.2", "20.0.1.2");
  const Target since_ = SourceTarget("203.0.113.0/24", "203.0.113.7");
};

TEST_F(VersionsTest, ToAndFro) {
  const std::uint64_t times = FromEnvironment("FW_TORTURE_VERSIONS", 10);
  SteadyStream stream(*site_);
  for (std::uint64_t round = 0; round < times && !HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round + 1, " of ", times));
    Round(round % 2 == 0 ? SIGTERM : SIGKILL);
    fs::remove_all(site_->dir() / "newer");
  }
  const StreamCounts counts = stream.Stop();
  ExpectNoneThroughAndNoneLost(counts);
  ReportRow(absl::StrCat("from an older version to this one and back, ", times,
                         " times, ", kRules, " rules"),
            absl::StrCat(StreamText(counts), "; ", ways_back_,
                         " times by the kept copy of the store"));
}

}  // namespace
}  // namespace fwagent::testing
