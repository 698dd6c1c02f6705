// firewall6 of the THC IPv6 attack toolkit, which tries to get a SYN around a
// filter in some forty ways and waits for the answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

constexpr char kProgram[] = "/usr/bin/atk6-firewall6";

// Test cases of version 3.8: each takes a second, or four when no answer comes.
// There is a 39th, which waits for eleven answers to plain SYNs, one from each
// well-known port.
constexpr int kCases = 38;
// 130 destination option headers: more than docs/packets.md looks through.
constexpr char kTooDeep[] = "Test  9";

absl::Status ProgramIsInstalled() {
  if (access(kProgram, X_OK) == 0) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(kProgram, " is missing: deploy/packages.sh install test"));
}

// Names of tests: "Test 38".
using Names = std::set<std::string>;

class Firewall6Test : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    SkipUnless(ProgramIsInstalled());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    receiver_ = std::make_unique<Receiver>(site_->host());
    for (int i = 1; i <= kCases; ++i) ASSERT_TRUE(AddPeer(i).ok());
  }

  // A peer for each test case, so that all can run at a time and none takes
  // the answer to another for its own.
  absl::Status AddPeer(int i) {
    auto peer = NetNamespace::Create();
    if (!peer.ok()) return peer.status();
    const std::string device = absl::StrCat("peer", i);
    absl::Status status = AddVethPair(site_->host(), device, *peer, "eth0");
    status.Update(site_->host().Ip(
        {"addr", "add", Address(i, 1) + "/64", "dev", device, "nodad"}));
    status.Update(peer->Ip(
        {"addr", "add", Address(i, 2) + "/64", "dev", "eth0", "nodad"}));
    peers_.push_back(*std::move(peer));
    devices_.push_back(device);
    return status;
  }

  static std::string Address(int network, int host) {
    return absl::StrCat("2001:db8:", network, "::", host);
  }

  // The tests whose SYN was answered, be it with a reset: those that got to
  // the host's TCP.
  Names Answered() {
    std::vector<std::unique_ptr<Process>> running;
    for (int i = 1; i <= kCases; ++i) {
      running.push_back(std::make_unique<Process>(ProcessOptions{
          .argv = {kProgram, "eth0", Address(i, 1),
                   absl::StrCat(receiver_->port()), absl::StrCat(i)},
          .netns_path = peers_[static_cast<std::size_t>(i - 1)].path()}));
    }
    Names answered;
    int tests = 0;
    for (const auto& process : running) {
      const ProcessResult result = process->Wait();
      EXPECT_EQ(result.exit_code, 0) << result.err;
      for (const absl::string_view line : absl::StrSplit(result.out, '\n')) {
        if (!absl::StartsWith(line, "Test ")) continue;
        ++tests;
        if (absl::StrContains(line, "TCP-")) {
          answered.emplace(line.substr(0, line.find(':')));
        }
      }
    }
    EXPECT_EQ(tests, kCases);
    std::printf("%d tests, %zu answered: %s\n", tests, answered.size(),
                absl::StrJoin(answered, ", ").c_str());
    return answered;
  }

  void Fwctl(const std::string& command, int port) {
    const ProcessResult result =
        site_->Fwctl({command, absl::StrCat(port, "/tcp")});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Receiver> receiver_;
  std::vector<NetNamespace> peers_;
  std::vector<std::string> devices_;
};

TEST_F(Firewall6Test, NoTestGetsAroundAndTheBlockOfAnotherPortChangesNothing) {
  Names without = Answered();
  EXPECT_THAT(without, IsSupersetOf({"Test  1", "Test  6", "Test 10"}));

  ASSERT_TRUE(site_->StartAgent({}, devices_));
  Fwctl("block-port", receiver_->port());
  EXPECT_THAT(Answered(), IsEmpty());

  Fwctl("unblock-port", receiver_->port());
  Fwctl("block-port", receiver_->port() - 1);
  without.erase(kTooDeep);
  EXPECT_EQ(Answered(), without);
}

}  // namespace
}  // namespace fwagent::testing
