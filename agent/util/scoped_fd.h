// A descriptor that is closed when its owner goes.
#ifndef FWAGENT_AGENT_UTIL_SCOPED_FD_H_
#define FWAGENT_AGENT_UTIL_SCOPED_FD_H_

#include <unistd.h>

#include <utility>

namespace fwagent::util {

class ScopedFd {
 public:
  ScopedFd() = default;
  explicit ScopedFd(int fd) : fd_(fd) {}
  ScopedFd(ScopedFd&& other) noexcept : fd_(other.release()) {}
  ScopedFd& operator=(ScopedFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~ScopedFd() { reset(); }

  // Negative when there is none.
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace fwagent::util

#endif  // FWAGENT_AGENT_UTIL_SCOPED_FD_H_
