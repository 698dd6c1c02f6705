// Preloaded into an agent: its wall clock is off by so many seconds as a file
// says, at once when that changes. All other clocks are the host's, whose wall
// clock no test may set.
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

long ShiftSeconds() {
  const int fd = open(getenv("CLOCK_SHIFT_FILE"), O_RDONLY | O_CLOEXEC);
  char text[32] = {};
  const bool read_it = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0;
  if (fd >= 0) close(fd);
  return read_it ? std::atol(text) : 0;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += ShiftSeconds();
  return static_cast<int>(result);
}
