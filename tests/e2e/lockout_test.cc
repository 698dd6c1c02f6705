// Who is cut off by a change, who is not, and whom nothing cuts off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kEvenThePeer[] = "192.0.2.0/24";

class LockoutTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
  }

  bool PeerConnects(const Receiver& receiver) {
    return receiver.GetsTcp(site_->peer(), AgentHost::kHostIPv4);
  }

  static void ExpectRefused(const ProcessResult& result,
                            const std::string& text) {
    EXPECT_EQ(result.exit_code, 1) << result.out;
    EXPECT_THAT(result.err, AllOf(HasSubstr("would cut off"), HasSubstr(text)));
  }
  static void ExpectDone(const ProcessResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.err;
  }

  std::unique_ptr<AgentHost> site_;
};

TEST_F(LockoutTest, APeerByTcpDoesNotCutItselfOff) {
  ASSERT_TRUE(site_->StartAgent({"--listen",
                                 std::string(AgentHost::kHostIPv4) + ":7443",
                                 "--insecure-remote"}));
  const std::string address = std::string(AgentHost::kHostIPv4) + ":7443";
  const auto from_peer = [&](std::vector<std::string> arguments) {
    return site_->FwctlIn(site_->peer(), address, std::move(arguments));
  };
  ExpectRefused(from_peer({"block-ip", kEvenThePeer}),
                "192.0.2.2, the peer of this call at port 7443/tcp: block "
                "source 192.0.2.0/24");
  ExpectRefused(from_peer({"block-port", "7000-8000/tcp"}),
                "block port 7000-8000/tcp");
  ExpectDone(from_peer({"block-ip", "192.0.2.128/25"}));
  ExpectDone(from_peer({"block-port", "7000-7442/tcp"}));
  // On the host nobody is in the way.
  ExpectDone(site_->Fwctl({"block-port", "7000-8000/tcp", "--validate-only"}));
  ExpectDone(from_peer({"block-port", "7000-8000/tcp", "--force"}));
  EXPECT_EQ(from_peer({"status", "--timeout", "1s"}).exit_code, 3);
}

// A shell whose ancestors are called "sshd", as of somebody who logged in.
class SshLogin {
 public:
  explicit SshLogin(const AgentHost& site)
      : site_(site), server_(site.dir() / "sshd") {
    std::filesystem::copy_file("/bin/sh", server_);
  }

  ProcessResult Fwctl(const std::string& arguments) const {
    return RunProcess(
        {.argv = {server_, "-c",
                  site_.FwctlBinary() + " " + arguments + "; exit $?"},
         .netns_path = site_.host().path(),
         .env = {"FWCTL_ADDRESS=" + site_.address()}});
  }

 private:
  const AgentHost& site_;
  const std::string server_;
};

TEST_F(LockoutTest, WhoHasLoggedInDoesNotCutOffThoseWhoAreConnected) {
  const Receiver ssh(site_->host(), 22);
  ASSERT_TRUE(site_->StartAgent());
  const SshLogin login(*site_);
  ExpectDone(
      login.Fwctl(std::string("block-ip --validate-only ") + kEvenThePeer));
  const Connection open(site_->peer(), AgentHost::kHostIPv4, 22);
  ExpectRefused(login.Fwctl(std::string("block-ip ") + kEvenThePeer),
                "192.0.2.2, a peer that is connected at port 22/tcp");
  ExpectRefused(login.Fwctl("block-port 22/tcp"), "block port 22/tcp");
  ExpectDone(login.Fwctl("block-port 23/tcp"));
  // A service of the host, as fail2ban is one, bans whom it likes.
  ExpectDone(site_->Fwctl({"block-ip", kEvenThePeer, "--validate-only"}));
  EXPECT_TRUE(PeerConnects(ssh));
  ExpectDone(login.Fwctl(std::string("block-ip --force ") + kEvenThePeer));
  EXPECT_FALSE(PeerConnects(ssh));
}

TEST_F(LockoutTest, TheDefaultGatewayStays) {
  ASSERT_TRUE(site_->host()
                  .Ip({"route", "add", "default", "via", AgentHost::kPeerIPv4})
                  .ok());
  ASSERT_TRUE(
      site_->host()
          .Ip({"-6", "route", "add", "default", "via", AgentHost::kPeerIPv6})
          .ok());
  ASSERT_TRUE(site_->StartAgent());
  ExpectRefused(site_->Fwctl({"block-ip", kEvenThePeer}),
                "192.0.2.2, this host's default gateway: block source");
  ExpectRefused(site_->Fwctl({"block-ip", "2001:db8::/64"}),
                "2001:db8::2, this host's default gateway: block source");
  ExpectDone(site_->Fwctl({"block-ip", "192.0.2.3"}));
  ExpectDone(site_->Fwctl({"allow-ip", AgentHost::kPeerIPv4}));
  ExpectDone(site_->Fwctl({"block-ip", kEvenThePeer}));
}

TEST_F(LockoutTest, FailsafeEntriesAreNeverDropped) {
  const Receiver saved(site_->host(), 4022);
  const Receiver other(site_->host(), 4023);
  const std::string entry = std::string(AgentHost::kPeerIPv4) + "/32 4022/tcp";
  ASSERT_TRUE(site_->StartAgent({"--failsafe", entry}));
  EXPECT_THAT(site_->Fwctl({"status"}).out,
              HasSubstr("NEVER DROPPED\n" + entry + "\n"));
  ExpectDone(site_->Fwctl({"block-ip", kEvenThePeer}));
  ExpectDone(site_->Fwctl({"block-port", "4000-5000/tcp"}));
  EXPECT_TRUE(PeerConnects(saved));
  EXPECT_FALSE(PeerConnects(other));
  EXPECT_THAT(site_->Fwctl({"stats"}).out, HasSubstr("failsafe"));
  const auto explain = [this](const std::string& port) {
    return site_
        ->Fwctl({"explain", "--src", AgentHost::kPeerIPv4, "--proto", "tcp",
                 "--dport", port})
        .out;
  };
  EXPECT_THAT(explain("4022"),
              AllOf(HasSubstr("pass: failsafe"), Not(HasSubstr("decided by")),
                    HasSubstr("shadowed   rule 1: block source")));
  EXPECT_THAT(explain("4023"), HasSubstr("drop: source-blocked"));
}

}  // namespace
}  // namespace fwagent::testing
