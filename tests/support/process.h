// Programs that a test runs as their users would.
#ifndef FWAGENT_TESTS_SUPPORT_PROCESS_H_
#define FWAGENT_TESTS_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/util/scoped_fd.h"
#include "tests/support/temp_dir.h"

namespace fwagent::testing {

struct ProcessOptions {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH
  std::string netns_path;         // empty: the caller's network namespace
  std::vector<std::string> env;   // "NAME=value", added to the caller's
  std::string input;              // its standard input, then end of file
};

struct ProcessResult {
  int exit_code = -1;  // negative: ended by this signal
  std::string out;
  std::string err;
};

// A running child. Destruction kills it, by its pid alone, and waits.
class Process {
 public:
  explicit Process(const ProcessOptions& options);
  ~Process();

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void Signal(int signal) const;

  // What it wrote to date.
  std::string Out() const;
  std::string Err() const;

  // Waits for its end; kills it when `timeout` is over, and then reports
  // -SIGKILL.
  ProcessResult Wait(absl::Duration timeout = absl::Seconds(30));

  // Waits until standard error contains `text`; false when the process ended
  // or the time is over first.
  bool WaitForErr(const std::string& text,
                  absl::Duration timeout = absl::Seconds(15));

 private:
  TempDir dir_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int exit_code_ = -1;
};

// Runs a program to its end.
ProcessResult RunProcess(const ProcessOptions& options,
                         absl::Duration timeout = absl::Seconds(30));

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_PROCESS_H_
