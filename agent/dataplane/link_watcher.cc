#include "agent/dataplane/link_watcher.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "agent/util/errno_status.h"

namespace fwagent::dataplane {

absl::StatusOr<std::unique_ptr<LinkWatcher>> LinkWatcher::Open(
    int receive_bytes) {
  util::ScopedFd socket(::socket(
      AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  util::ScopedFd stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (receive_bytes != 0) {
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes,
               sizeof(receive_bytes));
  }
  if (!stop.valid() || bind(socket.get(), reinterpret_cast<sockaddr*>(&address),
                            sizeof(address)) != 0) {
    return util::ErrnoToStatus(errno, "listen for changes of interfaces");
  }
  return std::unique_ptr<LinkWatcher>(
      new LinkWatcher(std::move(socket), std::move(stop)));
}

LinkEvent LinkWatcher::Wait(absl::Duration timeout) {
  std::array<pollfd, 2> wait = {{{.fd = stop_.get(), .events = POLLIN},
                                 {.fd = socket_.get(), .events = POLLIN}}};
  // Rounded up: a wait for less than a millisecond must not spin.
  const auto milliseconds = absl::ToInt64Milliseconds(absl::Ceil(
      std::max(timeout, absl::ZeroDuration()), absl::Milliseconds(1)));
  const int ready =
      poll(wait.data(), wait.size(), static_cast<int>(milliseconds));
  if (wait[0].revents != 0) return LinkEvent::kStopped;
  return ready > 0 ? Drain() : LinkEvent::kQuiet;
}

// What the messages say is not read: see LinkEvent.
LinkEvent LinkWatcher::Drain() {
  LinkEvent event = LinkEvent::kChanged;
  std::array<char, 16384> message{};
  while (true) {
    if (recv(socket_.get(), message.data(), message.size(), 0) >= 0) continue;
    if (errno == EINTR) continue;
    if (errno != ENOBUFS) return event;  // EAGAIN: that was the last one
    event = LinkEvent::kLost;
  }
}

void LinkWatcher::Stop() {
  // Cannot fail: the counter is far from full.
  eventfd_write(stop_.get(), 1);
}

}  // namespace fwagent::dataplane
