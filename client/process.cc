#include "client/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

namespace fwagent::client {

void PrepareProcess() {
  std::signal(SIGPIPE, SIG_IGN);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // Opened the wrong way round, so that using it still fails. The lowest free
    // number is the one that open returns.
    if (fcntl(fd, F_GETFD) >= 0) continue;
    if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
      return;
    }
  }
}

}  // namespace fwagent::client
