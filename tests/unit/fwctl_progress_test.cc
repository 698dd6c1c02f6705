#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <ostream>
#include <sstream>
#include <string>

#include "client/progress.h"

namespace fwagent::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ProgressText, IsABarWhereTheTotalIsKnown) {
  EXPECT_EQ(ProgressText("reading", 0, 0), "reading ...");
  EXPECT_EQ(ProgressText("sending", 0, 10),
            "sending    [..............................]   0%");
  EXPECT_EQ(ProgressText("sending", 5, 10),
            "sending    [###############...............]  50%");
  EXPECT_EQ(ProgressText("sending", 10, 10),
            "sending    [##############################] 100%");
  EXPECT_EQ(ProgressText("sending", 99, 10), ProgressText("sending", 1, 1))
      << "never more than all";
}

TEST(Progress, LeavesNothingBehindAndNothingAtAllWhenItWasQuick) {
  std::ostringstream quick;
  {
    Progress progress(&quick, absl::Hours(1));
    progress.Begin("reading");
  }
  EXPECT_EQ(quick.str(), "");
  Progress(nullptr, absl::ZeroDuration()).Begin("reading");
}

// What a terminal gets, and says when it has got something.
class Terminal : public std::stringbuf {
 public:
  void WaitForText() {
    std::unique_lock lock(mutex_);
    written_.wait(lock, [this] { return has_text_; });
  }

 protected:
  int sync() override {
    {
      const std::lock_guard lock(mutex_);
      has_text_ = true;
    }
    written_.notify_all();
    return std::stringbuf::sync();
  }

 private:
  std::mutex mutex_;
  std::condition_variable written_;
  bool has_text_ = false;
};

TEST(Progress, IsDrawnAfterTheDelayAndGoesAtTheEnd) {
  Terminal terminal;
  std::ostream stream(&terminal);
  {
    Progress progress(&stream, absl::Microseconds(1));
    progress.Begin("sending", 4);
    progress.Advance(1);
    terminal.WaitForText();
  }
  EXPECT_THAT(terminal.str(), HasSubstr("\r\x1b[K"));
  EXPECT_THAT(terminal.str(), EndsWith("\r\x1b[K"));
}

}  // namespace
}  // namespace fwagent::client
