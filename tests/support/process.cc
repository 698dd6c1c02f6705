#include "tests/support/process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/time/clock.h"

namespace fwagent::testing {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(2);

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Redirect(const std::string& path, int flags, int target) {
  const int fd = open(path.c_str(), flags, 0600);
  if (fd < 0 || dup2(fd, target) < 0) _exit(126);
}

// In the child: never returns.
[[noreturn]] void Exec(const ProcessOptions& options, const std::string& dir) {
  if (!options.netns_path.empty()) {
    const int netns = open(options.netns_path.c_str(), O_RDONLY | O_CLOEXEC);
    if (netns < 0 || setns(netns, CLONE_NEWNET) != 0) _exit(125);
  }
  Redirect(dir + "/in", O_RDONLY, STDIN_FILENO);
  Redirect(dir + "/out", O_WRONLY | O_CREAT | O_APPEND, STDOUT_FILENO);
  Redirect(dir + "/err", O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO);
  for (const std::string& entry : options.env) {
    putenv(const_cast<char*>(entry.c_str()));
  }
  std::vector<char*> argv;
  for (const std::string& argument : options.argv) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  std::perror(argv[0]);
  _exit(127);
}

}  // namespace

Process::Process(const ProcessOptions& options) {
  const std::string dir = dir_.path();
  std::ofstream(dir + "/in", std::ios::binary) << options.input;
  pid_ = fork();
  if (pid_ == 0) Exec(options, dir);
  ended_ = pid_ < 0;
}

Process::~Process() {
  if (running()) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

bool Process::running() {
  if (ended_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return true;
  ended_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return false;
}

void Process::Signal(int signal) const {
  if (!ended_) kill(pid_, signal);
}

std::string Process::Out() const { return ReadAll(dir_.path() + "/out"); }
std::string Process::Err() const { return ReadAll(dir_.path() + "/err"); }

ProcessResult Process::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (running()) {
    if (absl::Now() > deadline) Signal(SIGKILL);
    absl::SleepFor(kPollInterval);
  }
  return {exit_code_, Out(), Err()};
}

bool Process::WaitForErr(const std::string& text, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (Err().find(text) == std::string::npos) {
    if (!running() || absl::Now() > deadline) {
      return Err().find(text) != std::string::npos;
    }
    absl::SleepFor(kPollInterval);
  }
  return true;
}

ProcessResult RunProcess(const ProcessOptions& options,
                         absl::Duration timeout) {
  return Process(options).Wait(timeout);
}

}  // namespace fwagent::testing
