#include "agent/store/state_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/temp_dir.h"

namespace fwagent::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

TEST(StateDirectory, MakesWhatIsMissing) {
  const testing::TempDir dir;
  const auto opened = StateDirectory::Open(dir / "a/b/state//");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->path(), dir / "a/b/state");
  EXPECT_EQ(ModeOf(dir / "a/b/state"), 0700u);
}

TEST(StateDirectory, LeavesTheModeOfWhatIsThere) {
  const testing::TempDir dir;
  ASSERT_EQ(mkdir((dir / "state").c_str(), 0750), 0);
  ASSERT_EQ(chmod((dir / "state").c_str(), 0750), 0);
  EXPECT_TRUE(StateDirectory::Open(dir / "state").ok());
  EXPECT_EQ(ModeOf(dir / "state"), 0750u);
}

TEST(StateDirectory, SaysWhoHoldsIt) {
  const testing::TempDir dir;
  auto first = StateDirectory::Open(dir.path());
  ASSERT_TRUE(first.ok());
  const auto second = StateDirectory::Open(dir.path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(absl::StrCat(
                        "the state directory ", dir.path(),
                        " is in use by another fwagent (pid ", getpid(), ")")),
                    HasSubstr("stop that one first")));
  const testing::TempDir other;
  EXPECT_TRUE(StateDirectory::Open(other.path()).ok());
}

TEST(StateDirectory, IsFreeWhenItsHolderIsGone) {
  const testing::TempDir dir;
  std::optional<StateDirectory> first = *StateDirectory::Open(dir.path());
  first.reset();
  EXPECT_TRUE(StateDirectory::Open(dir.path()).ok());
}

TEST(StateDirectory, ALockFileOfADeadAgentIsNoObstacle) {
  const testing::TempDir dir;
  std::ofstream(dir / "lock") << "999999 and more text than a pid has\n";
  ASSERT_TRUE(StateDirectory::Open(dir.path()).ok());
  std::string text;
  std::getline(std::ifstream(dir / "lock"), text);
  EXPECT_EQ(text, absl::StrCat(getpid()));
}

TEST(StateDirectory, RefusesWithAReason) {
  const testing::TempDir dir;
  std::ofstream(dir / "file") << "x";
  const absl::Status file = StateDirectory::Open(dir / "file").status();
  EXPECT_THAT(std::string(file.message()),
              AllOf(HasSubstr("cannot make the state directory"),
                    HasSubstr(dir / "file")));
  EXPECT_FALSE(StateDirectory::Open(dir / "file/state").ok());
  EXPECT_EQ(StateDirectory::Open("").status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fwagent::store
