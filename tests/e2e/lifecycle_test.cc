// The filter outlives the agent, and the next agent takes it over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LifecycleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
  }

  bool PeerGetsThrough() { return Pings(site_->peer(), AgentHost::kHostIPv4); }

  // Id of the program on eth0, as ip(8) sees it; empty when there is none.
  std::string AttachedProgram() {
    const ProcessResult shown =
        RunProcess({.argv = {"ip", "-d", "link", "show", "dev", "eth0"},
                    .netns_path = site_->host().path()});
    std::smatch match;
    const std::regex pattern("prog/xdp id ([0-9]+)");
    return std::regex_search(shown.out, match, pattern) ? match[1].str() : "";
  }

  std::unique_ptr<AgentHost> site_;
};

// What the kernel says of a process.
std::string ProcFile(pid_t pid, const char* name) {
  std::ostringstream text;
  text << std::ifstream(absl::StrCat("/proc/", pid, "/", name)).rdbuf();
  return text.str();
}

TEST_F(LifecycleTest, MemoryComesInLargePagesAndTheProcessKeepsItsName) {
  ASSERT_TRUE(site_->StartAgent());
  const pid_t pid = site_->agent().pid();
  EXPECT_THAT(ProcFile(pid, "environ"), HasSubstr("glibc.malloc.hugetlb=1"));
  EXPECT_EQ(ProcFile(pid, "comm"), "fwagent\n");
}

TEST_F(LifecycleTest, SettingsOfTheAllocatorInTheEnvironmentAreLeftAlone) {
  Process agent({.argv = site_->AgentCommand(),
                 .netns_path = site_->host().path(),
                 .env = {"GLIBC_TUNABLES=glibc.malloc.hugetlb=0"}});
  ASSERT_TRUE(agent.WaitForErr("ready")) << agent.Err();
  EXPECT_THAT(ProcFile(agent.pid(), "environ"),
              AllOf(HasSubstr("glibc.malloc.hugetlb=0"),
                    Not(HasSubstr("glibc.malloc.hugetlb=1"))));
}

TEST_F(LifecycleTest, AKilledAgentLeavesItsBlocksInForce) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  ASSERT_FALSE(PeerGetsThrough());
  site_->StopAgent(SIGKILL);
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_TRUE(Pings(site_->peer(), AgentHost::kHostIPv6)) << "no rule, no drop";
  const ProcessResult asked = site_->Fwctl({"status"});
  EXPECT_EQ(asked.exit_code, 3);
  EXPECT_THAT(asked.err, HasSubstr(site_->socket()));
}

TEST_F(LifecycleTest, TheNextAgentTakesOverInPlace) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  ASSERT_EQ(site_->Fwctl({"block-port", "80-90/tcp"}).exit_code, 0);
  const std::string listed = site_->Fwctl({"-o", "json", "list"}).out;
  const ProcessResult stopped = site_->StopAgent(SIGTERM);
  EXPECT_EQ(stopped.exit_code, 0);
  EXPECT_THAT(stopped.err, HasSubstr("stays filtered"));
  EXPECT_FALSE(PeerGetsThrough());

  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(site_->agent().Err(), HasSubstr("took over"));
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_EQ(site_->Fwctl({"-o", "json", "list"}).out, listed);
}

TEST_F(LifecycleTest, NoBlockedPacketPassesDuringRestarts) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  PingFlood blocked(site_->peer(), AgentHost::kHostIPv4);
  PingFlood innocent(site_->peer(), AgentHost::kHostIPv6);
  for (int round = 0; round < 5; ++round) {
    site_->StopAgent(round % 2 == 0 ? SIGKILL : SIGTERM);
    EXPECT_TRUE(site_->StartAgent());
  }
  const PingFlood::Counts lost = blocked.Stop();
  const PingFlood::Counts passed = innocent.Stop();
  EXPECT_EQ(lost.answered, 0) << "of " << lost.sent;
  EXPECT_GT(lost.sent, 200);
  EXPECT_GT(passed.answered, 200) << "of " << passed.sent;
}

// As after a crash between disk and kernel.
TEST_F(LifecycleTest, AKernelThatIsAheadOfTheStoreIsPutRight) {
  const std::string old_state = site_->dir() / "old";
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-port", "80/tcp"}).exit_code, 0);
  site_->StopAgent(SIGTERM);
  std::filesystem::copy(site_->dir() / "state", old_state);
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-port", "81/tcp"}).exit_code, 0);
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  site_->StopAgent(SIGKILL);
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(site_->StartAgent({"--state-dir", old_state}));
    EXPECT_TRUE(PeerGetsThrough());
    EXPECT_THAT(site_->Fwctl({"list"}).out, Not(HasSubstr("81/tcp")));
    site_->StopAgent(SIGKILL);
  }
}

TEST_F(LifecycleTest, CountersGoOnAcrossRestarts) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  EXPECT_FALSE(PeerGetsThrough());
  const auto dropped = [this] {
    const std::string out = site_->Fwctl({"stats"}).out;
    std::smatch match;
    // The width of a column depends on what else was counted meanwhile.
    const std::regex pattern("source-blocked +([0-9]+) +([0-9]+)");
    return std::regex_search(out, match, pattern)
               ? match[1].str() + " packets, " + match[2].str() + " bytes"
               : out;
  };
  const std::string before = dropped();
  site_->StopAgent(SIGTERM);
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_EQ(dropped(), before);
}

TEST_F(LifecycleTest, DetachTakesTheFilterOffAndLeavesNoPins) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  ASSERT_NE(AttachedProgram(), "");
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 0);
  ASSERT_EQ(site_->Fwctl({"detach", "--all"}).exit_code, 0);
  EXPECT_TRUE(PeerGetsThrough());
  EXPECT_EQ(AttachedProgram(), "");
  EXPECT_FALSE(std::filesystem::exists(site_->pin_dir()));
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 1);
  // The rules are still stored: the next start enforces them.
  site_->StopAgent(SIGTERM);
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_FALSE(PeerGetsThrough());
}

TEST_F(LifecycleTest, GenericModeBlocksToo) {
  ASSERT_TRUE(site_->StartAgent({"--mode", "generic"}));
  EXPECT_THAT(site_->Fwctl({"status"}).out, HasSubstr("generic"));
  EXPECT_TRUE(PeerGetsThrough());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  EXPECT_FALSE(PeerGetsThrough());
}

TEST_F(LifecycleTest, FallingBackToGenericIsAnnounced) {
  // lo has no native XDP.
  ASSERT_TRUE(site_->StartAgent({}, {"lo"}));
  EXPECT_THAT(site_->agent().Err(), HasSubstr("generic"));
  EXPECT_THAT(site_->Fwctl({"status"}).out, HasSubstr("generic"));
}

TEST_F(LifecycleTest, SeveralInterfaces) {
  ASSERT_TRUE(
      AddVethPair(site_->host(), "eth0.100", site_->peer(), "eth1").ok());
  ASSERT_TRUE(site_->host()
                  .Ip({"addr", "add", "198.51.100.1/24", "dev", "eth0.100"})
                  .ok());
  ASSERT_TRUE(
      site_->peer().Ip({"addr", "add", "198.51.100.2/24", "dev", "eth1"}).ok());
  ASSERT_TRUE(site_->StartAgent({}, {"eth0", "eth0.100"}));
  ASSERT_TRUE(Pings(site_->peer(), "198.51.100.1"));
  ASSERT_EQ(site_->Fwctl({"block-ip", "198.51.100.2"}).exit_code, 0);
  EXPECT_FALSE(Pings(site_->peer(), "198.51.100.1"));
  EXPECT_TRUE(PeerGetsThrough());
  ASSERT_EQ(site_->Fwctl({"detach", "eth0.100"}).exit_code, 0);
  EXPECT_TRUE(Pings(site_->peer(), "198.51.100.1"));
  EXPECT_THAT(site_->Fwctl({"status"}).out, HasSubstr("eth0"));
}

TEST_F(LifecycleTest, FwctlWorksOverTcp) {
  ASSERT_TRUE(site_->StartAgent({"--listen", "127.0.0.1:0"}));
  std::smatch match;
  const std::string log = site_->agent().Err();
  ASSERT_TRUE(std::regex_search(log, match,
                                std::regex("listening on (127[0-9.:]+)\n")));
  const auto fwctl = [&](const std::string& command) {
    return site_->FwctlAt(match[1].str(), {command, AgentHost::kPeerIPv4});
  };
  const ProcessResult blocked = fwctl("block-ip");
  ASSERT_EQ(blocked.exit_code, 0) << blocked.err;
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_THAT(site_->agent().Err(), HasSubstr("asked by 127.0.0.1:"));
  ASSERT_EQ(fwctl("unblock-ip").exit_code, 0);
  EXPECT_TRUE(PeerGetsThrough());
}

TEST_F(LifecycleTest, SystemdIsToldWhenTheFilterIsInForce) {
  const std::string path = site_->dir() / "notify";
  const util::ScopedFd notify(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(notify.get(), reinterpret_cast<sockaddr*>(&address),
                 sizeof(address)),
            0);
  const timeval patience{.tv_sec = 15, .tv_usec = 0};
  setsockopt(notify.get(), SOL_SOCKET, SO_RCVTIMEO, &patience,
             sizeof(patience));
  Process agent({.argv = site_->AgentCommand(),
                 .netns_path = site_->host().path(),
                 .env = {"NOTIFY_SOCKET=" + path}});
  char text[64] = {};
  ASSERT_GT(recv(notify.get(), text, sizeof(text) - 1, 0), 0) << agent.Err();
  EXPECT_STREQ(text, "READY=1");
  EXPECT_NE(AttachedProgram(), "");
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 0);
}

TEST_F(LifecycleTest, TheLogSaysWhoAskedOverTheUnixSocket) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  EXPECT_THAT(site_->agent().Err(),
              ::testing::ContainsRegex(
                  "block source 192.0.2.2/32 .rule 1.: generation 1, asked by "
                  "uid [0-9]+ pid [0-9]+"));
}

TEST_F(LifecycleTest, AFullTableIsRefusedAndEverythingAgrees) {
  ASSERT_TRUE(site_->StartAgent({"--max-sources", "2"}));
  ASSERT_EQ(site_->Fwctl({"block-ip", "198.51.100.1"}).exit_code, 0);
  ASSERT_EQ(site_->Fwctl({"block-ip", "198.51.100.2"}).exit_code, 0);
  const ProcessResult full = site_->Fwctl({"block-ip", AgentHost::kPeerIPv4});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, HasSubstr("full"));
  EXPECT_TRUE(PeerGetsThrough());
  EXPECT_THAT(site_->Fwctl({"list"}).out, Not(HasSubstr("192.0.2.2")));
  // The other family and the ports have their own room.
  EXPECT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv6}).exit_code, 0);
  EXPECT_EQ(site_->Fwctl({"block-port", "80/tcp"}).exit_code, 0);
}

TEST_F(LifecycleTest, AnAgentWithOnlyTwoCapabilitiesWorks) {
  std::vector<std::string> command = {
      "setpriv",    "--bounding-set", "-all,+bpf,+net_admin",
      "--inh-caps", "-all",           "--no-new-privs"};
  const auto agent = site_->AgentCommand();
  command.insert(command.end(), agent.begin(), agent.end());
  Process process({.argv = command, .netns_path = site_->host().path()});
  ASSERT_TRUE(process.WaitForErr(" ready\n")) << process.Err();
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  ASSERT_EQ(site_->Fwctl({"block-port", "80/tcp"}).exit_code, 0);
  EXPECT_FALSE(PeerGetsThrough());
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait().exit_code, 0);
  // And it can take over what it left.
  Process next({.argv = command, .netns_path = site_->host().path()});
  ASSERT_TRUE(next.WaitForErr(" ready\n")) << next.Err();
  EXPECT_THAT(next.Err(), HasSubstr("took over"));
  EXPECT_FALSE(PeerGetsThrough());
}

}  // namespace
}  // namespace fwagent::testing
