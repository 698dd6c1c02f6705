#include "tests/support/net_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"
#include "tests/support/process.h"

namespace fwagent::testing {
namespace {

util::ScopedFd OpenCurrent() {
  return util::ScopedFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

void MoveThread(int fd) {
  if (setns(fd, CLONE_NEWNET) == 0) return;
  std::perror("setns to a network namespace");
  std::abort();
}

}  // namespace

absl::StatusOr<NetNamespace> NetNamespace::Create() {
  const util::ScopedFd before = OpenCurrent();
  if (unshare(CLONE_NEWNET) != 0) {
    return util::ErrnoToStatus(errno, "make a network namespace");
  }
  NetNamespace made(OpenCurrent());
  MoveThread(before.get());
  FW_RETURN_IF_ERROR(made.Ip({"link", "set", "lo", "up"}));
  return made;
}

std::string NetNamespace::path() const {
  return absl::StrCat("/proc/", getpid(), "/fd/", fd_.get());
}

absl::Status NetNamespace::Ip(const std::vector<std::string>& arguments) const {
  ProcessOptions options{.argv = {"ip"}, .netns_path = path()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  const ProcessResult result = RunProcess(options);
  if (result.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(absl::StrJoin(options.argv, " "), ": ", result.err));
}

InNetNamespace::InNetNamespace(const NetNamespace& net_namespace)
    : before_(OpenCurrent()) {
  MoveThread(net_namespace.fd());
}

InNetNamespace::~InNetNamespace() { MoveThread(before_.get()); }

absl::Status AddVethPair(const NetNamespace& left, const std::string& left_name,
                         const NetNamespace& right,
                         const std::string& right_name) {
  FW_RETURN_IF_ERROR(left.Ip({"link", "add", left_name, "type", "veth", "peer",
                              "name", right_name, "netns", right.path()}));
  FW_RETURN_IF_ERROR(left.Ip({"link", "set", left_name, "up"}));
  return right.Ip({"link", "set", right_name, "up"});
}

}  // namespace fwagent::testing
