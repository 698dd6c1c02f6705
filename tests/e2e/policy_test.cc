// Documents as their user has them: files, packets, kills.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;

class PolicyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    one_ = std::make_unique<Receiver>(site_->host());
    two_ = std::make_unique<Receiver>(site_->host());
  }

  // fwctl succeeds; what it printed.
  std::string Do(const std::vector<std::string>& args,
                 const std::string& input = "") {
    const ProcessResult result = site_->Fwctl(args, input);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  std::string Apply(const std::string& document) {
    return Do({"apply", "-f", "-"}, document);
  }
  bool GetsUdp(Receiver& receiver) {
    return receiver.GetsUdp(site_->peer(), AgentHost::kHostIPv4);
  }
  // Within some seconds.
  template <typename Condition>
  static bool Becomes(const Condition& condition) {
    const absl::Time end = absl::Now() + absl::Seconds(15);
    while (absl::Now() < end) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(100));
    }
    return false;
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Receiver> one_;
  std::unique_ptr<Receiver> two_;
};

TEST_F(PolicyTest, TheHostIsWhatTheDocumentSaysAlsoAfterAKill) {
  ASSERT_TRUE(site_->StartAgent());
  const std::string document = absl::StrCat(
      "owner: web\nrules:\n  - drop from @peers dport ", one_->port(),
      "\nsets:\n  - {name: peers, action: block, "
      "entries: [198.51.100.0/24]}\n");
  Apply(document);
  // The twin: the set does not hold the peer.
  EXPECT_TRUE(GetsUdp(*one_));
  const std::string both = absl::StrCat(
      "owner: web\nallow: [", AgentHost::kPeerIPv4, "]\n---\nowner: ops\n",
      "rules: [drop proto udp dport ", one_->port(), "]\n");
  Apply(both);
  // Allow goes before any rule.
  EXPECT_TRUE(GetsUdp(*one_));
  Apply("owner: web\n");
  EXPECT_FALSE(GetsUdp(*one_));
  EXPECT_TRUE(GetsUdp(*two_));
  const std::string all = Do({"export", "--all-owners"});
  site_->StopAgent(SIGKILL);
  EXPECT_FALSE(GetsUdp(*one_));
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_EQ(Do({"diff", "-f", "-"}, all), "no difference\n");
  EXPECT_EQ(Do({"export", "--all-owners"}), all);
  Apply("owner: ops\n");
  EXPECT_TRUE(GetsUdp(*one_));
}

// In each document something else lets the packets pass, or stops them: half of
// one and half of the other would not.
TEST_F(PolicyTest, NoPacketIsJudgedByHalfADocument) {
  ASSERT_TRUE(site_->StartAgent());
  const std::string peer = AgentHost::kPeerIPv4;
  std::vector<std::string> passes = {
      absl::StrCat("rules: [drop proto icmp]\nsets: [{name: s, action: allow, "
                   "entries: [",
                   peer, "]}]\n"),
      "sets: [{name: s, action: allow, entries: []}]\nblock-ports: [1/tcp]\n"};
  std::vector<std::string> stops = {
      "rules: [drop proto icmp]\n",
      absl::StrCat("sets: [{name: s, entries: [", peer, "]}]\n")};
  for (const auto& [documents, passing] :
       {std::pair(passes, true), std::pair(stops, false)}) {
    Apply(documents[0]);
    PingFlood flood(site_->peer(), AgentHost::kHostIPv4);
    for (int i = 0; i < 40; ++i) Apply(documents[(i + 1) % 2]);
    const PingFlood::Counts counts = flood.Stop();
    EXPECT_GT(counts.sent, 100);
    EXPECT_EQ(counts.answered, passing ? counts.sent : 0);
  }
}

TEST_F(PolicyTest, WhatIsNotConfirmedIsTakenBackAlsoAfterAKill) {
  ASSERT_TRUE(site_->StartAgent());
  const std::string document =
      absl::StrCat("rules: [drop dport ", one_->port(), "]\n");
  Do({"apply", "-f", "-", "--confirm-within", "2s"}, document);
  EXPECT_FALSE(GetsUdp(*one_));
  site_->StopAgent(SIGKILL);
  absl::SleepFor(absl::Seconds(2));
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_TRUE(GetsUdp(*one_));
  EXPECT_EQ(Do({"export"}).substr(Do({"export"}).find('\n')),
            "\nversion: 1\nowner: cli\n");
}

TEST_F(PolicyTest, FilesAreAppliedAsTheyChange) {
  const std::string folder = site_->dir() / "policy.d";
  std::filesystem::create_directory(folder);
  const auto write = [&folder](const std::string& text) {
    const std::string path = absl::StrCat(folder, "/web.yaml");
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
  };
  write(absl::StrCat("owner: web\nrules: [drop dport ", one_->port(), "]\n"));
  ASSERT_TRUE(site_->StartAgent({"--policy", folder}));
  EXPECT_TRUE(Becomes([this] { return !GetsUdp(*one_); }));
  EXPECT_TRUE(GetsUdp(*two_));
  write("owner: web\nrules: [drp]\n");
  EXPECT_TRUE(Becomes(
      [this] { return absl::StrContains(Do({"status"}), "BROKEN: "); }));
  EXPECT_FALSE(GetsUdp(*one_));
  const ProcessResult check = site_->Fwctl({"status", "--check"});
  EXPECT_EQ(check.exit_code, 1);
  EXPECT_THAT(check.err, HasSubstr("web.yaml:2:9: a rule begins with"));
  write(absl::StrCat("owner: web\nrules: [drop dport ", two_->port(), "]\n"));
  EXPECT_TRUE(Becomes([this] { return GetsUdp(*one_) && !GetsUdp(*two_); }));
  EXPECT_THAT(Do({"status"}), HasSubstr("web.yaml: in force since "));
  EXPECT_THAT(Do({"history"}), HasSubstr("file "));
  Do({"status", "--check"});
}

}  // namespace
}  // namespace fwagent::testing
