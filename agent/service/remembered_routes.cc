#include "agent/service/remembered_routes.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/time/clock.h"

namespace fwagent::service {
namespace {

using policy::Prefix;

// Of some changes the kernel does not tell: routes that expire, redirects.
constexpr absl::Duration kLongest = absl::Seconds(1);
constexpr std::size_t kMostAnswers = 1024;
// Hosts to which there is hardly ever a way of their own: two root name
// servers. Nothing is sent to them.
constexpr const char* kFarAway[] = {"193.0.14.129", "2001:7fd::1"};

constexpr std::uint32_t GroupBit(rtnetlink_groups group) {
  return 1u << (group - 1);
}

// What may change the way to a host.
constexpr std::uint32_t kGroups =
    GroupBit(RTNLGRP_LINK) | GroupBit(RTNLGRP_IPV4_IFADDR) |
    GroupBit(RTNLGRP_IPV4_ROUTE) | GroupBit(RTNLGRP_IPV4_RULE) |
    GroupBit(RTNLGRP_IPV6_IFADDR) | GroupBit(RTNLGRP_IPV6_ROUTE) |
    GroupBit(RTNLGRP_IPV6_RULE) | GroupBit(RTNLGRP_NEXTHOP);

util::ScopedFd Listen() {
  util::ScopedFd socket(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = kGroups;
  if (!socket.valid() ||
      bind(socket.get(), reinterpret_cast<const sockaddr*>(&groups),
           sizeof(groups)) != 0) {
    return util::ScopedFd();
  }
  return socket;
}

}  // namespace

RememberedRoutes::RememberedRoutes(Ask ask)
    : ask_(std::move(ask)), news_(Listen()) {}

// Messages are counted, not read.
bool RememberedRoutes::SomethingChanged() {
  if (!news_.valid()) return true;
  bool heard = false;
  std::array<char, 64> message{};
  while (recv(news_.get(), message.data(), message.size(), MSG_DONTWAIT) >= 0 ||
         errno == ENOBUFS) {
    heard = true;
  }
  return heard || errno != EAGAIN;
}

void RememberedRoutes::Refresh() {
  const util::MutexLock lock(&mutex_);
  const absl::Time now = absl::Now();
  const absl::Duration age = now - since_;
  if (!SomethingChanged() && age >= absl::ZeroDuration() && age < kLongest &&
      answers_.size() < kMostAnswers) {
    return;
  }
  answers_.clear();
  since_ = now;
}

std::optional<HostRoute> RememberedRoutes::To(const Prefix& host) {
  const util::MutexLock lock(&mutex_);
  const auto found = answers_.find(host);
  if (found != answers_.end()) return found->second;
  return answers_.emplace(host, ask_(host)).first->second;
}

std::vector<Prefix> RememberedRoutes::DefaultGateways() {
  std::vector<Prefix> gateways;
  for (const char* text : kFarAway) {
    const auto far = Prefix::Parse(text);
    const auto route = far.ok() ? To(*far) : std::nullopt;
    if (route.has_value() && route->gateway.has_value()) {
      gateways.push_back(*route->gateway);
    }
  }
  return gateways;
}

}  // namespace fwagent::service
