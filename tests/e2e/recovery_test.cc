// A damaged store: the agent runs on what the kernel enforces, says so, and is
// given a store again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

bool Eventually(const std::function<bool()>& holds) {
  const absl::Time end = absl::Now() + absl::Seconds(15);
  while (!holds()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

// An agent that blocked its peer's IPv4 address, and a port that only its store
// knows the comment of, ended and left a copy of its store.
class RecoveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    ASSERT_TRUE(site_->StartAgent());
    ASSERT_EQ(
        Fwctl({"block-ip", AgentHost::kPeerIPv4, "--comment", "the peer"}), 0);
    ASSERT_EQ(Fwctl({"block-port", "81/tcp"}), 0);
    site_->StopAgent(SIGTERM);
    fs::remove(Copy());
    ASSERT_TRUE(site_->StartAgent());
    ASSERT_TRUE(Eventually([this] { return fs::exists(Copy()); }));
    // What the copy does not have.
    ASSERT_EQ(Fwctl({"block-ip", "198.51.100.7"}), 0);
    site_->StopAgent(SIGTERM);
  }

  int Fwctl(const std::vector<std::string>& args) {
    said_ = site_->Fwctl(args);
    return said_.exit_code;
  }
  std::string Out(const std::vector<std::string>& args) {
    Fwctl(args);
    return said_.out;
  }

  std::string State() const { return site_->dir() / "state/fwagent.db"; }
  std::string Copy() const { return State() + ".copy"; }

  void DamageStore() {
    std::ofstream(State(), std::ios::trunc) << "this is not a database";
  }

  // Links and maps that are pinned go with a reboot.
  void RemovePins() {
    fs::remove_all(site_->pin_dir());
    ASSERT_TRUE(Eventually([this] { return PeerGetsThrough(); }));
  }

  bool PeerGetsThrough() { return Pings(site_->peer(), AgentHost::kHostIPv4); }

  // Files that were moved aside.
  std::vector<std::string> Aside(const std::string& as) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(site_->dir() / "state")) {
      const std::string name = entry.path().filename();
      if (name.find(as) != std::string::npos) names.push_back(name);
    }
    return names;
  }

  std::string Refusal(const std::vector<std::string>& flags) {
    const ProcessResult result = site_->RunAgent(site_->AgentCommand(flags));
    EXPECT_EQ(result.exit_code, 1) << result.err;
    return result.err;
  }

  void ExpectChangesAreTaken() {
    EXPECT_EQ(Fwctl({"block-ip", "203.0.113.1"}), 0) << said_.err;
    EXPECT_EQ(Fwctl({"status", "--check"}), 0) << said_.err;
    site_->StopAgent(SIGKILL);
    ASSERT_TRUE(site_->StartAgent());
    EXPECT_THAT(Out({"list"}),
                AllOf(HasSubstr("203.0.113.1"), HasSubstr("81/tcp")));
    EXPECT_FALSE(PeerGetsThrough());
  }

  std::unique_ptr<AgentHost> site_;
  ProcessResult said_;
};

TEST_F(RecoveryTest, WithADamagedStoreTheKernelsRulesStayAndNoChangeIsTaken) {
  DamageStore();
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(site_->agent().Err(),
              AllOf(HasSubstr("no changes are taken"), HasSubstr("damaged"),
                    HasSubstr("3 rules in the kernel"),
                    HasSubstr("--from kernel"), HasSubstr("--from copy")));
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_TRUE(Pings(site_->peer(), AgentHost::kHostIPv6)) << "no rule, no drop";
  EXPECT_THAT(Out({"list"}),
              AllOf(HasSubstr(AgentHost::kPeerIPv4), HasSubstr("198.51.100.7"),
                    HasSubstr("81/tcp")));
  EXPECT_EQ(Fwctl({"stats"}), 0);
  EXPECT_THAT(Out({"status"}), HasSubstr("TROUBLE: no changes are taken"));
  for (const std::vector<std::string>& change :
       {std::vector<std::string>{"block-ip", "203.0.113.1"},
        {"unblock-ip", AgentHost::kPeerIPv4},
        {"unblock-port", "81/tcp"},
        {"block-ip", "203.0.113.1", "--validate-only"}}) {
    std::vector<std::string> args = {"-o", "json"};
    args.insert(args.end(), change.begin(), change.end());
    EXPECT_EQ(Fwctl(args), 1);
    EXPECT_THAT(said_.err, AllOf(HasSubstr("FAILED_PRECONDITION"),
                                 HasSubstr("\"STORE_DAMAGED\""),
                                 HasSubstr("fwctl recover")));
  }
  EXPECT_EQ(Fwctl({"-o", "json", "status", "--check"}), 1);
  EXPECT_THAT(said_.err, HasSubstr("\"READ_ONLY\""));
}

TEST_F(RecoveryTest, AReadOnlyAgentGoesOnGuardingInterfaces) {
  DamageStore();
  ASSERT_TRUE(site_->StartAgent({}, {"eth*"}));
  ASSERT_TRUE(
      site_->host()
          .Ip({"link", "add", "eth1", "type", "veth", "peer", "name", "other1"})
          .ok());
  EXPECT_TRUE(Eventually([this] {
    return Out({"-o", "json", "attach", "eth1"}).find("\"attached\":true") !=
           std::string::npos;
  })) << said_.err;
  fs::remove(site_->pin_dir() + "/links/eth0");
  EXPECT_TRUE(Eventually(
      [this] { return fs::exists(site_->pin_dir() + "/links/eth0"); }));
  // Nor does letting go of the last one lose the rules.
  EXPECT_EQ(Fwctl({"detach", "--all"}), 0);
  EXPECT_TRUE(PeerGetsThrough());
  site_->StopAgent(SIGKILL);
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_FALSE(PeerGetsThrough());
}

TEST_F(RecoveryTest, FromTheKernelWithoutARestart) {
  DamageStore();
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(Out({"recover", "--from", "kernel"}),
              HasSubstr("recovered 3 rules"))
      << said_.err;
  EXPECT_THAT(
      site_->agent().Err(),
      HasSubstr("recovered 3 rules and 0 sets from the kernel's tables"));
  EXPECT_EQ(Aside(".db.damaged-").size(), 1u);
  EXPECT_EQ(Aside(".copy.before-").size(), 1u);
  EXPECT_THAT(Out({"list"}),
              AllOf(HasSubstr("198.51.100.7"), Not(HasSubstr("the peer"))));
  ExpectChangesAreTaken();
}

TEST_F(RecoveryTest, FromTheCopyWithoutARestart) {
  DamageStore();
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(Out({"recover", "--from", "copy"}),
              HasSubstr("recovered 2 rules"))
      << said_.err;
  EXPECT_THAT(Out({"list"}),
              AllOf(Not(HasSubstr("198.51.100.7")), HasSubstr("the peer")));
  ExpectChangesAreTaken();
}

TEST_F(RecoveryTest, AtTheStart) {
  for (const char* from : {"kernel", "copy"}) {
    DamageStore();
    ASSERT_TRUE(site_->StartAgent({"--recover", from}));
    EXPECT_THAT(site_->agent().Err(), HasSubstr("recovered "));
    EXPECT_FALSE(PeerGetsThrough());
    EXPECT_EQ(Fwctl({"status", "--check"}), 0) << said_.err;
    if (from == std::string("kernel")) {
      ASSERT_TRUE(Eventually([this] { return fs::exists(Copy()); }));
    }
    site_->StopAgent(SIGTERM);
  }
}

TEST_F(RecoveryTest, ASoundStoreIsNotRecovered) {
  for (const char* from : {"kernel", "copy"}) {
    EXPECT_THAT(Refusal({"--recover", from}), HasSubstr("store is sound"));
  }
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_EQ(Fwctl({"-o", "json", "recover", "--from", "copy"}), 1);
  EXPECT_THAT(said_.err, HasSubstr("STORE_SOUND"));
  EXPECT_TRUE(Aside("damaged").empty());
}

TEST_F(RecoveryTest, AfterARebootNothingIsTakenForTheWish) {
  DamageStore();
  RemovePins();
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(site_->agent().Err(),
              AllOf(HasSubstr("none is enforced"), HasSubstr("--from copy"),
                    Not(HasSubstr("--from kernel"))));
  EXPECT_EQ(Fwctl({"block-ip", "203.0.113.1"}), 1);
  EXPECT_EQ(Fwctl({"recover", "--from", "kernel"}), 1);
  EXPECT_THAT(said_.err, HasSubstr("hold no rules"));
  EXPECT_EQ(Fwctl({"recover", "--from", "copy"}), 0) << said_.err;
  EXPECT_FALSE(PeerGetsThrough());
}

TEST_F(RecoveryTest, WithNothingToRecoverFromItSaysSo) {
  DamageStore();
  RemovePins();
  fs::remove(Copy());
  EXPECT_THAT(Refusal({"--recover", "copy"}), HasSubstr("there is no copy"));
  EXPECT_THAT(Refusal({"--recover", "kernel"}), HasSubstr("hold no rules"));
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(site_->agent().Err(),
              HasSubstr("neither rules in the kernel nor is there a copy"));
  EXPECT_EQ(Fwctl({"block-ip", "203.0.113.1"}), 1);
}

TEST_F(RecoveryTest, ADamagedCopyIsNotUsed) {
  DamageStore();
  fs::resize_file(Copy(), 8192);
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_EQ(Fwctl({"recover", "--from", "copy"}), 1);
  EXPECT_THAT(said_.err, HasSubstr("fwagent.db.copy cannot be used"));
  EXPECT_TRUE(Aside("damaged").empty()) << "nothing was moved";
  EXPECT_FALSE(PeerGetsThrough());
  EXPECT_EQ(Fwctl({"recover", "--from", "kernel"}), 0) << said_.err;
  ExpectChangesAreTaken();
}

TEST_F(RecoveryTest, AStoreThatIsGoneWhileItsCopyIsThereIsNotANewOne) {
  fs::remove(State());
  RemovePins();
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(site_->agent().Err(), HasSubstr("its last good copy is there"));
  EXPECT_EQ(Fwctl({"recover", "--from", "copy"}), 0) << said_.err;
  ExpectChangesAreTaken();
}

TEST_F(RecoveryTest, AFilterWhoseTablesAreNotOursIsLeftAlone) {
  DamageStore();
  for (const auto& entry : fs::directory_iterator(site_->pin_dir())) {
    const std::string name = entry.path().filename();
    if (name.starts_with("maps-")) fs::remove_all(entry.path());
  }
  EXPECT_THAT(Refusal({}),
              AllOf(HasSubstr("left alone"), HasSubstr("--recover copy")));
  EXPECT_FALSE(PeerGetsThrough());
  ASSERT_TRUE(site_->StartAgent({"--recover", "copy"}));
  EXPECT_FALSE(PeerGetsThrough());
}

}  // namespace
}  // namespace fwagent::testing
