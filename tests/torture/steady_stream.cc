#include "tests/torture/steady_stream.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/support/net_namespace.h"
#include "tests/support/traffic.h"
#include "tests/torture/target.h"

namespace fwagent::testing {
namespace {

constexpr auto kPause = std::chrono::milliseconds(2);
constexpr int kQuietMs = 500;
constexpr int kRoom = 8 << 20;

void OrDie(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

sockaddr_in AddressOf(const char* text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  OrDie(inet_pton(AF_INET, text, &address.sin_addr) == 1, text);
  return address;
}

// Bound to this address; a receiver where none to connect to is given.
util::ScopedFd UdpSocket(const NetNamespace& where, const char* text,
                         const sockaddr_in* to) {
  const InNetNamespace scope(where);
  util::ScopedFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = AddressOf(text, 0);
  OrDie(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof(address)) == 0,
        "bind");
  if (to == nullptr) {
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof(kRoom));
  } else {
    OrDie(connect(fd.get(), reinterpret_cast<const sockaddr*>(to),
                  sizeof(*to)) == 0,
          "connect");
  }
  return fd;
}

}  // namespace

void SteadyStream::Prepare(const AgentHost& site) {
  for (const char* address : {kGuiltyIPv4, kInnocentIPv4}) {
    const absl::Status added = site.peer().Ip(
        {"addr", "add", std::string(address) + "/24", "dev", "eth0"});
    OrDie(added.ok(), "ip addr add");
  }
  // The neighbours know each other from here on: a packet that waits for ARP
  // may be dropped by Linux.
  OrDie(Pings(site.peer(), AgentHost::kHostIPv4), "ping");
}

SteadyStream::SteadyStream(const AgentHost& site)
    : receiver_(UdpSocket(site.host(), AgentHost::kHostIPv4, nullptr)) {
  sockaddr_in to{};
  socklen_t size = sizeof(to);
  getsockname(receiver_.get(), reinterpret_cast<sockaddr*>(&to), &size);
  guilty_ = UdpSocket(site.peer(), kGuiltyIPv4, &to);
  innocent_ = UdpSocket(site.peer(), kInnocentIPv4, &to);
  sending_ = std::thread([this] { Send(); });
  receiving_ = std::thread([this] { Receive(); });
}

void SteadyStream::Send() {
  const char byte = 'x';
  while (!stop_) {
    if (send(guilty_.get(), &byte, 1, 0) == 1) ++counts_.guilty_sent;
    if (send(innocent_.get(), &byte, 1, 0) == 1) ++counts_.innocent_sent;
    std::this_thread::sleep_for(kPause);
  }
  sent_all_ = true;
}

void SteadyStream::Receive() {
  const in_addr guilty = AddressOf(kGuiltyIPv4, 0).sin_addr;
  for (;;) {
    const bool last = sent_all_;
    pollfd wait{receiver_.get(), POLLIN, 0};
    if (poll(&wait, 1, kQuietMs) <= 0) {
      if (last) return;
      continue;
    }
    char byte = 0;
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    if (recvfrom(receiver_.get(), &byte, 1, 0,
                 reinterpret_cast<sockaddr*>(&from), &size) < 0) {
      continue;
    }
    if (from.sin_addr.s_addr == guilty.s_addr) {
      ++counts_.guilty_arrived;
    } else {
      ++counts_.innocent_arrived;
    }
  }
}

StreamCounts SteadyStream::Stop() {
  stop_ = true;
  if (sending_.joinable()) sending_.join();
  if (receiving_.joinable()) receiving_.join();
  return counts_;
}

void ExpectNoneThroughAndNoneLost(const StreamCounts& counts) {
  EXPECT_EQ(counts.guilty_arrived, 0u) << "of " << counts.guilty_sent;
  EXPECT_EQ(counts.innocent_arrived, counts.innocent_sent);
  EXPECT_GT(counts.guilty_sent, 200u);
  EXPECT_GT(counts.innocent_sent, 200u);
}

}  // namespace fwagent::testing
