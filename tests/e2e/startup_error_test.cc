// An agent that cannot start says why, and what to do, in one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_split.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StartupErrorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
  }

  // The last line that the agent printed before it gave up with exit code 1.
  std::string Refusal(const std::vector<std::string>& command) {
    const ProcessResult result = site_->RunAgent(command);
    EXPECT_EQ(result.exit_code, 1) << result.err;
    const std::vector<std::string> lines =
        absl::StrSplit(result.err, '\n', absl::SkipEmpty());
    const std::string last = lines.empty() ? "" : lines.back();
    EXPECT_EQ(last.rfind("fwagent: ", 0), 0u) << result.err;
    return last;
  }

  // PRAGMA user_version, as SQLite's file format has it.
  static void MakeNewer(const std::string& state_file) {
    std::fstream(state_file, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(60)
        .write("\0\0\0\x63", 4);
  }

  std::unique_ptr<AgentHost> site_;
};

TEST_F(StartupErrorTest, NoSuchInterface) {
  EXPECT_THAT(Refusal(site_->AgentCommand({}, {"nosuch0"})),
              AllOf(HasSubstr("nosuch0"), HasSubstr("eth0")));
}

TEST_F(StartupErrorTest, OneBadInterfaceLeavesNothingBehind) {
  EXPECT_THAT(Refusal(site_->AgentCommand({}, {"eth0", "nosuch0"})),
              HasSubstr("nosuch0"));
  EXPECT_FALSE(std::filesystem::exists(site_->pin_dir()));
  ASSERT_TRUE(site_->StartAgent());
}

TEST_F(StartupErrorTest, OneBadInterfaceLeavesARunningFilterAlone) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  site_->StopAgent(SIGTERM);
  EXPECT_THAT(Refusal(site_->AgentCommand({}, {"eth0", "nosuch0"})),
              HasSubstr("nosuch0"));
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(StartupErrorTest, NoInterface) {
  EXPECT_THAT(Refusal(site_->AgentCommand({}, {})), HasSubstr("--interface"));
}

TEST_F(StartupErrorTest, AForeignProgramIsNamedAndLeftAlone) {
  // Another agent's filter, from other folders, is foreign to this one.
  AgentHost other;
  Process owner(
      {.argv = other.AgentCommand(), .netns_path = site_->host().path()});
  ASSERT_TRUE(owner.WaitForErr(" ready\n")) << owner.Err();
  EXPECT_THAT(Refusal(site_->AgentCommand()),
              AllOf(HasSubstr("eth0"), HasSubstr("another XDP program"),
                    HasSubstr("ip link set dev eth0 xdp")));
  EXPECT_EQ(other.Fwctl({"status", "--check"}).exit_code, 0);
}

TEST_F(StartupErrorTest, NoPrivilege) {
  std::vector<std::string> command = {"setpriv", "--bounding-set", "-all",
                                      "--inh-caps", "-all"};
  const auto agent = site_->AgentCommand();
  command.insert(command.end(), agent.begin(), agent.end());
  EXPECT_THAT(Refusal(command), HasSubstr("CAP_BPF"));
}

TEST_F(StartupErrorTest, NoBpffs) {
  EXPECT_THAT(Refusal(site_->AgentCommand({"--pin-dir", site_->dir() / "x"})),
              HasSubstr("mount -t bpf"));
}

TEST_F(StartupErrorTest, ASecondAgentOnTheSameState) {
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(Refusal(site_->AgentCommand()), HasSubstr("in use"));
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 0);
}

TEST_F(StartupErrorTest, ASecondAgentOnTheSameSocket) {
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(
      Refusal(site_->AgentCommand({"--state-dir", site_->dir() / "other"})),
      AllOf(HasSubstr("in use"), HasSubstr(site_->socket())));
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 0);
}

TEST_F(StartupErrorTest, ASecondAgentOnTheSamePins) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  EXPECT_THAT(
      Refusal(site_->AgentCommand({"--state-dir", site_->dir() / "other",
                                   "--socket", site_->dir() / "other.sock"})),
      AllOf(HasSubstr("in use"), HasSubstr(site_->pin_dir())));
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(StartupErrorTest, PlaintextBeyondLoopback) {
  EXPECT_THAT(Refusal(site_->AgentCommand({"--listen", "0.0.0.0:0"})),
              HasSubstr("--insecure-remote"));
}

// A damaged one is no reason not to start; see recovery_test.
TEST_F(StartupErrorTest, AStoreOfANewerVersionLeavesTheFilterInForce) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  site_->StopAgent(SIGTERM);
  MakeNewer(site_->dir() / "state/fwagent.db");
  EXPECT_THAT(Refusal(site_->AgentCommand()), HasSubstr("newer fwagent"));
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(StartupErrorTest, ItsCopyOfBeforeTheUpgradeIsOneCommandAway) {
  const std::string file = site_->dir() / "state/fwagent.db";
  const auto go_back = site_->AgentCommand({"--recover", "schema-copy"});
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  site_->StopAgent(SIGTERM);
  EXPECT_THAT(Refusal(go_back), HasSubstr("not of a newer fwagent"));
  // As an upgrade leaves the two.
  const std::string copy = file + ".schema-1";
  std::filesystem::copy_file(file, site_->dir() / "copy");
  MakeNewer(file);
  EXPECT_THAT(Refusal(go_back), HasSubstr("no copy of a schema version"));
  std::filesystem::rename(site_->dir() / "copy", copy);
  EXPECT_THAT(Refusal(site_->AgentCommand()),
              AllOf(HasSubstr(copy), HasSubstr("--recover schema-copy")));
  ASSERT_TRUE(site_->StartAgent({"--recover", "schema-copy"}));
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
  EXPECT_EQ(site_->Fwctl({"unblock-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  EXPECT_TRUE(Pings(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(StartupErrorTest, AWrongFlagIsAUsageError) {
  EXPECT_EQ(site_->RunAgent(site_->AgentCommand({"--no-such-flag"})).exit_code,
            2);
}

TEST_F(StartupErrorTest, AWrongConfigurationNamesLineAndColumn) {
  const std::string path = site_->dir() / "fwagent.yaml";
  std::ofstream(path) << "interfaces: [eth0]\ninterface: eth1\n";
  EXPECT_THAT(Refusal(site_->AgentCommand({"--config", path})),
              HasSubstr(path + ":2:1: unknown key \"interface\""));
}

}  // namespace
}  // namespace fwagent::testing
