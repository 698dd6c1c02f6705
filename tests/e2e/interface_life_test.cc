// Whatever happens to an interface: the real agent has it under guard again,
// while packets that must be blocked keep coming.
#include "tests/e2e/interface_life.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/from_environment.h"
#include "tests/support/report_row.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(InterfaceLifeTest, DeletedAndMadeAnewItIsGuardedAgain) {
  Start({"eth0"});
  const std::uint64_t rounds = FromEnvironment("FW_INTERFACE_ROUNDS", 10);
  PingFlood blocked(site_->peer(), AgentHost::kHostIPv4);
  absl::Duration worst;
  absl::Duration sum;
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    const absl::Duration took = Recreate(round);
    worst = std::max(worst, took);
    sum += took;
  }
  const PingFlood::Counts counts = blocked.Stop();
  ReportRow(
      absl::StrCat("interface deleted and made anew, ", rounds, " times"),
      absl::StrCat("unguarded for ", absl::FormatDuration(worst), " at worst, ",
                   absl::FormatDuration(sum / static_cast<double>(rounds)),
                   " on average; blocked packets through ", counts.answered,
                   " of ", counts.sent));
  EXPECT_FALSE(BlockedGetsThrough());
  EXPECT_TRUE(InnocentGetsThrough());
  EXPECT_THAT(Status(), ::testing::ContainsRegex(
                            absl::StrCat("eth0 +attached +native +", rounds)));
}

TEST_F(InterfaceLifeTest, WhatMatchesAPatternIsGuardedWhenItAppears) {
  Start({"et*"});
  const absl::Time made = absl::Now();
  ASSERT_TRUE(AddVethPair(site_->host(), "eth7", site_->peer(), "eth7").ok());
  ASSERT_TRUE(AddVethPair(site_->host(), "veth7", site_->peer(), "veth7").ok());
  const absl::Duration took = WaitForLog("eth7: attached in", 1, made);
  ReportRow("interface that matches a pattern appears",
            absl::StrCat("guarded after ", absl::FormatDuration(took)));
  Ip({"addr", "add", "198.51.100.1/24", "dev", "eth7"});
  ASSERT_TRUE(
      site_->peer().Ip({"addr", "add", "198.51.100.2/24", "dev", "eth7"}).ok());
  EXPECT_TRUE(Pings(site_->peer(), "198.51.100.1"));
  ASSERT_EQ(site_->Fwctl({"block-ip", "198.51.100.2"}).exit_code, 0);
  EXPECT_FALSE(Pings(site_->peer(), "198.51.100.1"));
  EXPECT_THAT(Status(), Not(HasSubstr("veth7")));
}

TEST_F(InterfaceLifeTest, NothingPassesWhileItIsChanged) {
  Start({"eth0"});
  ExpectNoGap("down and up", [this] {
    Ip({"link", "set", "eth0", "down"});
    Ip({"link", "set", "eth0", "up"});
  });
  ExpectNoGap("another MTU", [this] {
    Ip({"link", "set", "eth0", "mtu", "1400"});
    Ip({"link", "set", "eth0", "mtu", "1500"});
  });
  // A link is not taken off that way: the kernel says that it is busy.
  ExpectNoGap("ip link set xdp off", [this] {
    EXPECT_FALSE(
        site_->host().Ip({"link", "set", "dev", "eth0", "xdp", "off"}).ok());
    // And this takes off what is there in the other mode: nothing.
    Ip({"link", "set", "dev", "eth0", "xdpgeneric", "off"});
  });
  ExpectNoGap("pin removed", [this] {
    const absl::Time removed = absl::Now();
    ASSERT_TRUE(std::filesystem::remove(PinOf("eth0")));
    const absl::Duration took =
        WaitForLog("was gone: pinned again", 1, removed);
    ReportRow("pin of the link removed",
              absl::StrCat("pinned again after ", absl::FormatDuration(took)));
  });
  EXPECT_TRUE(std::filesystem::exists(PinOf("eth0")));
  EXPECT_THAT(Status(), ::testing::ContainsRegex("eth0 +attached +native +1"));
  // Going down, it lost this address.
  Ip({"addr", "replace", absl::StrCat(AgentHost::kHostIPv6, "/64"), "dev",
      "eth0", "nodad"});
  // The peer finds it again when it next asks for the neighbour.
  const absl::Time limit = absl::Now() + absl::Seconds(20);
  bool gets_through = InnocentGetsThrough();
  while (!gets_through && absl::Now() < limit) {
    gets_through = InnocentGetsThrough();
  }
  EXPECT_TRUE(gets_through);
}

TEST_F(InterfaceLifeTest, ARenamedInterfaceIsFollowed) {
  Start({"eth0"});
  ExpectNoGap("renamed", [this] {
    Ip({"link", "set", "eth0", "down"});
    Ip({"link", "set", "eth0", "name", "lan0"});
    Ip({"link", "set", "lan0", "up"});
    WaitForLog("eth0 is called lan0 now", 1, absl::Now());
  });
  EXPECT_TRUE(std::filesystem::exists(PinOf("lan0")));
  EXPECT_FALSE(std::filesystem::exists(PinOf("eth0")));
  EXPECT_THAT(Status(), ::testing::ContainsRegex("lan0 +attached +native +0"));
  EXPECT_THAT(Status(),
              ::testing::ContainsRegex("eth0 +NOT ATTACHED.*as soon as"));
  // And the next agent finds it.
  site_->StopAgent(SIGKILL);
  EXPECT_FALSE(BlockedGetsThrough());
  ASSERT_TRUE(site_->StartAgent({}, {"lan0"}));
  EXPECT_THAT(site_->agent().Err(), HasSubstr("lan0: took over"));
}

TEST_F(InterfaceLifeTest, AFilterThatWasTakenOffIsPutBack) {
  Start({"eth0"});
  PingFlood blocked(site_->peer(), AgentHost::kHostIPv4);
  const absl::Time off = absl::Now();
  ASSERT_TRUE(TakeLinkOff(PinOf("eth0")));
  const absl::Duration took = WaitForLog("eth0: guarded again", 1, off);
  EXPECT_FALSE(BlockedGetsThrough());
  const PingFlood::Counts counts = blocked.Stop();
  ReportRow("filter taken off",
            absl::StrCat("back after ", absl::FormatDuration(took),
                         "; blocked packets through ", counts.answered, " of ",
                         counts.sent));
  EXPECT_THAT(Status(), ::testing::ContainsRegex("eth0 +attached +native +1"));
}

TEST_F(InterfaceLifeTest, ItIsGuardedAgainWhenItComesBackFromElsewhere) {
  Start({"eth0"});
  const auto elsewhere = NetNamespace::Create();
  ASSERT_TRUE(elsewhere.ok()) << elsewhere.status();
  Ip({"link", "set", "eth0", "netns", elsewhere->path()});
  WaitForLog("in another network namespace", 1, absl::Now());
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 1);
  ASSERT_TRUE(
      elsewhere->Ip({"link", "set", "eth0", "netns", site_->host().path()})
          .ok());
  WaitForLog("eth0: guarded again", 1, absl::Now());
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 0);
  Ip({"link", "set", "eth0", "up"});
  Ip({"addr", "add", absl::StrCat(AgentHost::kHostIPv4, "/24"), "dev", "eth0"});
  Ip({"addr", "add", absl::StrCat(AgentHost::kHostIPv6, "/64"), "dev", "eth0",
      "nodad"});
  EXPECT_FALSE(BlockedGetsThrough());
  EXPECT_TRUE(InnocentGetsThrough());
}

TEST_F(InterfaceLifeTest, RemovedTablePinsArePutBack) {
  Start({"eth0"});
  const absl::Time removed = absl::Now();
  std::filesystem::remove_all(site_->pin_dir());
  const absl::Duration took =
      WaitForLog("links/eth0 was gone: pinned again", 1, removed);
  ReportRow("all pins removed",
            absl::StrCat("back after ", absl::FormatDuration(took)));
  EXPECT_FALSE(BlockedGetsThrough());
  // What was pinned again serves the next agent.
  site_->StopAgent(SIGKILL);
  EXPECT_FALSE(BlockedGetsThrough());
  ASSERT_TRUE(site_->StartAgent());
  EXPECT_THAT(site_->agent().Err(), HasSubstr("eth0: took over"));
  EXPECT_FALSE(BlockedGetsThrough());
}

TEST_F(InterfaceLifeTest, EntriesThatAreTakenOutArePutBack) {
  Start({"eth0"});
  PingFlood blocked(site_->peer(), AgentHost::kHostIPv4);
  const absl::Time removed = absl::Now();
  ASSERT_GT(TakeEntriesOut(MapFolder() + "/fw_slabs"), 0);
  const absl::Duration took =
      WaitForLog("somebody else wrote to the filter's tables", 1, removed);
  // The line comes first; the tables are there when the count is.
  while (Status().find("table repairs: 1") == std::string::npos) {
    ASSERT_LT(absl::Now() - removed, absl::Seconds(20)) << Status();
  }
  EXPECT_FALSE(BlockedGetsThrough());
  EXPECT_TRUE(InnocentGetsThrough());
  const PingFlood::Counts counts = blocked.Stop();
  ReportRow("entries of the tables taken out",
            absl::StrCat("seen after ", absl::FormatDuration(took),
                         "; blocked packets through ", counts.answered, " of ",
                         counts.sent));
}

TEST_F(InterfaceLifeTest, WithoutABpfFileSystemItSaysSoUntilThereIsOne) {
  const std::string mount = site_->dir() / "bpf";
  std::filesystem::create_directory(mount);
  const auto mount_bpffs = [&mount] {
    return RunProcess({.argv = {"mount", "-t", "bpf", "bpf", mount}}).exit_code;
  };
  ASSERT_EQ(mount_bpffs(), 0);
  const std::string pins = mount + "/fw";
  const bool started = site_->StartAgent({"--pin-dir", pins});
  EXPECT_TRUE(started);
  EXPECT_EQ(RunProcess({.argv = {"umount", "-l", mount}}).exit_code, 0);
  ASSERT_TRUE(started);
  const absl::Time unmounted = absl::Now();
  const absl::Duration said = WaitForLog(
      "the filter works, but would end with this agent", 1, unmounted);
  EXPECT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 1)
      << "what could not outlive the agent is refused";
  const ProcessResult checked = site_->Fwctl({"status", "--check"});
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_THAT(checked.out, HasSubstr("TROUBLE"));
  EXPECT_THAT(checked.err, HasSubstr("mount -t bpf"));

  ASSERT_EQ(mount_bpffs(), 0);
  const absl::Time mounted = absl::Now();
  const absl::Duration took =
      WaitForLog("the pins are all there again", 1, mounted);
  ReportRow("BPF file system unmounted, mounted again",
            absl::StrCat("said after ", absl::FormatDuration(said),
                         ", pinned after ", absl::FormatDuration(took)));
  EXPECT_TRUE(std::filesystem::exists(pins + "/links/eth0"));
  EXPECT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  EXPECT_FALSE(BlockedGetsThrough());
  site_->StopAgent(SIGKILL);
  EXPECT_FALSE(BlockedGetsThrough()) << "it outlives the agent again";
  EXPECT_EQ(RunProcess({.argv = {"umount", "-l", mount}}).exit_code, 0);
}

TEST_F(InterfaceLifeTest, DetachedItStaysDetachedUntilAttach) {
  Start({"eth0"});
  ASSERT_EQ(site_->Fwctl({"detach", "eth0"}).exit_code, 0);
  EXPECT_TRUE(BlockedGetsThrough());
  Ip({"link", "del", "eth0"});
  ASSERT_TRUE(AddVethPair(site_->host(), "eth0", site_->peer(), "eth0").ok());
  GiveAddresses();
  // The one that may be guarded shows that the agent has looked since.
  ASSERT_EQ(site_->Fwctl({"attach", "watch*"}).exit_code, 0);
  const absl::Time made = absl::Now();
  ASSERT_TRUE(AddVethPair(site_->host(), "watch0", site_->peer(), "w0").ok());
  WaitForLog("watch0: attached in", 1, made);
  EXPECT_TRUE(BlockedGetsThrough());
  EXPECT_THAT(Status(), HasSubstr("taken off by uid 0"));

  const ProcessResult attached =
      site_->Fwctl({"attach", "eth0", "--mode", "generic"});
  EXPECT_EQ(attached.exit_code, 0) << attached.err;
  EXPECT_EQ(attached.out, "attached eth0, generic\n");
  EXPECT_FALSE(BlockedGetsThrough());
  EXPECT_TRUE(InnocentGetsThrough());
  const ProcessResult other =
      site_->Fwctl({"attach", "eth0", "--mode", "native"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("cannot change in place"));
  EXPECT_EQ(site_->Fwctl({"attach", "nosuch0"}).exit_code, 1);
}

TEST_F(InterfaceLifeTest, AForeignProgramIsLeftAloneAndWaitedFor) {
  Start({"et*"});
  AgentHost other;
  Process owner({.argv = other.AgentCommand({}, {"veth7"}),
                 .netns_path = site_->host().path()});
  ASSERT_FALSE(owner.WaitForErr(" ready\n")) << "there is no veth7 yet";
  ASSERT_TRUE(AddVethPair(site_->host(), "veth7", site_->peer(), "veth7").ok());
  Process next({.argv = other.AgentCommand({}, {"veth7"}),
                .netns_path = site_->host().path()});
  ASSERT_TRUE(next.WaitForErr(" ready\n")) << next.Err();
  Ip({"link", "set", "veth7", "down"});
  Ip({"link", "set", "veth7", "name", "eth7"});
  WaitForLog("eth7 is not guarded: eth7 carries another XDP program", 1,
             absl::Now());
  EXPECT_THAT(Status(), HasSubstr("another XDP program"));
  EXPECT_EQ(site_->Fwctl({"status", "--check"}).exit_code, 1);
  const absl::Time off = absl::Now();
  ASSERT_EQ(other.Fwctl({"detach", "--all"}).exit_code, 0);
  const absl::Duration took = WaitForLog("eth7: attached in", 1, off);
  std::printf("foreign program gone: guarded after %s\n",
              absl::FormatDuration(took).c_str());
}

}  // namespace
}  // namespace fwagent::testing
