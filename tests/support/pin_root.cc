#include "tests/support/pin_root.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {

PinRoot::PinRoot() {
  static int made = 0;
  path_ = absl::StrCat("/sys/fs/bpf/fwtest-", getpid(), "-", made++);
  if (mkdir(path_.c_str(), 0700) == 0) return;
  std::perror(path_.c_str());
  std::abort();
}

PinRoot::~PinRoot() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  EXPECT_FALSE(error) << path_ << ": " << error.message();
}

}  // namespace fwagent::testing
