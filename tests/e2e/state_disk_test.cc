// The disk of the state directory full, and read-only: a small tmpfs in a mount
// namespace of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/agent_host.h"
#include "tests/support/report_row.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StateDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    std::filesystem::create_directory(State());
    // Holds the namespace, and so the disk, while agents come and go.
    holder_ = std::make_unique<Process>(ProcessOptions{
        .argv = {"unshare", "--mount", "sh", "-c",
                 absl::StrCat("mount -t tmpfs -o size=1m tmpfs ", State(),
                              " && echo mounted >&2 && exec sleep 1000")}});
    ASSERT_TRUE(holder_->WaitForErr("mounted")) << holder_->Err();
  }

  std::string State() const { return site_->dir() / "state"; }

  std::vector<std::string> OnTheDisk(std::vector<std::string> command) const {
    command.insert(command.begin(), {"nsenter", "--mount", "--target",
                                     absl::StrCat(holder_->pid())});
    return command;
  }

  bool Start() {
    agent_ = std::make_unique<Process>(
        ProcessOptions{.argv = OnTheDisk(site_->AgentCommand()),
                       .netns_path = site_->host().path()});
    return agent_->WaitForErr(" ready\n");
  }

  void Kill() {
    agent_->Signal(SIGKILL);
    EXPECT_EQ(agent_->Wait().exit_code, -SIGKILL);
  }

  void Remount(const std::string& options) {
    const ProcessResult done = RunProcess(
        {.argv = OnTheDisk({"mount", "-o", "remount," + options, State()})});
    ASSERT_EQ(done.exit_code, 0) << done.err;
  }

  // A thousand hosts of 10.<net>.0.0/16.
  ProcessResult BlockMany(int net) {
    const std::string file = site_->dir() / "list";
    std::ofstream list(file, std::ios::trunc);
    for (int i = 0; i < 1000; ++i) {
      list << "10." << net << "." << i / 250 << "." << i % 250 << "\n";
    }
    list.close();
    return site_->Fwctl({"-o", "json", "block-ip", "--file", file});
  }

  std::string TotalSize() {
    const std::string listed = site_->Fwctl({"-o", "json", "list"}).out;
    const std::size_t at = listed.rfind("\"totalSize\":\"");
    return at == std::string::npos
               ? listed
               : listed.substr(at + 13, listed.find('"', at + 13) - at - 13);
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Process> holder_;
  std::unique_ptr<Process> agent_;
};

TEST_F(StateDiskTest, FullIsRefusedAndLosesNothing) {
  ASSERT_TRUE(Start()) << agent_->Err();
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  int taken = 0;
  ProcessResult last;
  while (taken < 100 && (last = BlockMany(taken)).exit_code == 0) ++taken;
  EXPECT_GT(taken, 0);
  EXPECT_THAT(last.err,
              AllOf(HasSubstr("\"DISK_FULL\""), HasSubstr("free some space")));
  const std::string size = absl::StrCat(1000 * taken + 1);
  EXPECT_EQ(TotalSize(), size);
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
  Kill();

  // As far as it gets without room, and all the way with some.
  if (!Start()) {
    EXPECT_THAT(agent_->Wait().err, HasSubstr("free some space"));
  } else {
    EXPECT_EQ(TotalSize(), size);
    Kill();
  }
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
  Remount("size=16m");
  ASSERT_TRUE(Start()) << agent_->Err();
  const std::string kept = TotalSize();
  EXPECT_EQ(kept, size);
  EXPECT_EQ(BlockMany(taken).exit_code, 0);
  ReportRow("state directory full, then a kill",
            absl::StrCat("rules acknowledged ", size, ", there again ", kept));
}

TEST_F(StateDiskTest, ItFillsAndEmptiesUnderTheAgent) {
  ASSERT_TRUE(Start()) << agent_->Err();
  int taken = 0;
  while (taken < 100 && BlockMany(taken).exit_code == 0) ++taken;
  Remount("size=16m");
  EXPECT_EQ(BlockMany(taken).exit_code, 0);
  EXPECT_EQ(TotalSize(), absl::StrCat(1000 * (taken + 1)));
}

TEST_F(StateDiskTest, ReadOnlyIsSaidAndLeavesTheFilterInForce) {
  ASSERT_TRUE(Start()) << agent_->Err();
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  Kill();
  Remount("ro");
  EXPECT_FALSE(Start());
  const ProcessResult refused = agent_->Wait();
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr(State()), HasSubstr("Read-only")));
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
  Remount("rw");
  ASSERT_TRUE(Start()) << agent_->Err();
  const std::string kept = TotalSize();
  EXPECT_EQ(kept, "1");
  ReportRow("state directory read-only",
            absl::StrCat("start ended with ", refused.exit_code,
                         ", filter in force; rules acknowledged 1, there when "
                         "it can be written ",
                         kept));
}

}  // namespace
}  // namespace fwagent::testing
