#include "agent/service/listener.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"

namespace fwagent::service {
namespace {

// Descriptors that clients may not take: maps, database, interfaces to come.
constexpr rlim_t kReservedDescriptors = 64;
constexpr int kBackOffMilliseconds = 100;

// Descriptors are given out lowest first, so a high number means that all
// below it are in use: a cap on connections without counting them.
int HighestClientFd() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
      limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<int>::max();
  }
  const rlim_t reserved = std::min(kReservedDescriptors, limit.rlim_cur / 4);
  return static_cast<int>(limit.rlim_cur - reserved);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(util::ScopedFd socket,
                                                          std::string name,
                                                          Handler handler) {
  util::ScopedFd wake(eventfd(0, EFD_CLOEXEC));
  if (!wake.valid()) return util::ErrnoToStatus(errno, "eventfd");
  return std::unique_ptr<Listener>(new Listener(
      std::move(socket), std::move(wake), std::move(name), std::move(handler)));
}

Listener::Listener(util::ScopedFd socket, util::ScopedFd wake, std::string name,
                   Handler handler)
    : socket_(std::move(socket)),
      wake_(std::move(wake)),
      name_(std::move(name)),
      handler_(std::move(handler)),
      highest_fd_(HighestClientFd()),
      thread_([this] { Run(); }) {}

Listener::~Listener() {
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

void Listener::Run() {
  bool exhausted = false;
  while (true) {
    // While there are no descriptors the socket stays readable: do not spin.
    pollfd fds[2] = {{wake_.get(), POLLIN, 0},
                     {exhausted ? -1 : socket_.get(), POLLIN, 0}};
    const int ready = poll(fds, 2, exhausted ? kBackOffMilliseconds : -1);
    if (ready < 0 && errno != EINTR) {
      spdlog::critical("{}: poll: {}; no more connections are taken", name_,
                       std::strerror(errno));
      return;
    }
    if (ready > 0 && fds[0].revents != 0) return;
    exhausted = !AcceptAll();
  }
}

void Listener::Announce(bool refusing) {
  if (refusing == refusing_) return;
  refusing_ = refusing;
  spdlog::warn("{}: {}", name_,
               refusing ? "too many connections, new ones are refused or wait: "
                          "close some or raise LimitNOFILE"
                        : "connections are taken again");
}

bool Listener::AcceptAll() {
  while (true) {
    util::ScopedFd connection(
        accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection.valid()) {
      const bool exhausted = errno == EMFILE || errno == ENFILE ||
                             errno == ENOMEM || errno == ENOBUFS;
      if (exhausted) Announce(true);
      return !exhausted;
    }
    const bool over_cap = connection.get() > highest_fd_;
    Announce(over_cap);
    if (over_cap) return false;
    handler_(std::move(connection));
  }
}

}  // namespace fwagent::service
