#include "tests/support/traffic.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/time/clock.h"

namespace fwagent::testing {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

Address MakeAddress(const std::string& text, std::uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(*v4);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof(*v6);
  }
  return address;
}

void OrDie(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

bool WaitFor(int fd, short events, absl::Duration patience) {
  pollfd wait{fd, events, 0};
  return poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) >
         0;
}

util::ScopedFd Bind(int type, std::uint16_t port) {
  util::ScopedFd fd(socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int off = 0;
  setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  const Address any = MakeAddress("::", port);
  OrDie(bind(fd.get(), any.get(), any.size) == 0, "bind");
  return fd;
}

std::uint16_t BoundPort(int fd) {
  sockaddr_in6 bound{};
  socklen_t size = sizeof(bound);
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.sin6_port);
}

util::ScopedFd SocketIn(const NetNamespace& where, int family, int type,
                        int protocol) {
  const InNetNamespace scope(where);
  util::ScopedFd fd(
      socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  OrDie(fd.valid(), "socket");
  return fd;
}

bool IsIPv4(const std::string& text) {
  return MakeAddress(text, 0).storage.ss_family == AF_INET;
}

util::ScopedFd EchoSocket(const NetNamespace& from, const std::string& text) {
  const bool v4 = IsIPv4(text);
  return SocketIn(
      from, v4 ? AF_INET : AF_INET6, SOCK_RAW,
      v4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6));
}

// Both families: type, code, checksum, identifier, sequence number. The kernel
// fills in the checksum of ICMPv6 alone.
void SendEcho(int fd, const std::string& text) {
  const Address address = MakeAddress(text, 0);
  const bool v4 = IsIPv4(text);
  std::uint8_t request[8] = {};
  request[0] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
  request[4] = 0x46;
  request[5] = 0x57;
  if (v4) {
    const std::uint32_t sum = 0x0800 + 0x4657;
    request[2] = static_cast<std::uint8_t>(~sum >> 8);
    request[3] = static_cast<std::uint8_t>(~sum);
  }
  sendto(fd, request, sizeof(request), 0, address.get(), address.size);
}

// Takes one packet; whether it is the reply to such a request.
bool ReceiveEchoReply(int fd, const std::string& text) {
  const bool v4 = IsIPv4(text);
  std::uint8_t reply[256];
  const ssize_t bytes = recv(fd, reply, sizeof(reply), 0);
  const ssize_t header = v4 ? 4 * (reply[0] & 0x0f) : 0;
  if (bytes < header + 8) return false;
  const std::uint8_t* icmp = reply + header;
  return icmp[0] == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
         icmp[4] == 0x46 && icmp[5] == 0x57;
}

}  // namespace

Receiver::Receiver(const NetNamespace& net_namespace, std::uint16_t port) {
  const InNetNamespace scope(net_namespace);
  tcp_ = Bind(SOCK_STREAM, port);
  OrDie(listen(tcp_.get(), 16) == 0, "listen");
  port_ = BoundPort(tcp_.get());
  udp_ = Bind(SOCK_DGRAM, port_);
}

bool Receiver::GetsTcp(const NetNamespace& from,
                       const std::string& text) const {
  const Address address = MakeAddress(text, port_);
  const util::ScopedFd fd =
      SocketIn(from, address.storage.ss_family, SOCK_STREAM, 0);
  if (connect(fd.get(), address.get(), address.size) != 0 &&
      errno != EINPROGRESS) {
    return false;
  }
  if (!WaitFor(fd.get(), POLLOUT, kPatience)) return false;
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return false;
  return util::ScopedFd(accept(tcp_.get(), nullptr, nullptr)).valid();
}

bool Receiver::GetsUdp(const NetNamespace& from, const std::string& text,
                       std::size_t size) {
  const Address address = MakeAddress(text, port_);
  const util::ScopedFd fd =
      SocketIn(from, address.storage.ss_family, SOCK_DGRAM, 0);
  // Numbered, so that an earlier one that comes late is not taken for it.
  const std::uint32_t number = next_datagram_++;
  std::vector<char> sent(std::max(size, sizeof(number)));
  std::memcpy(sent.data(), &number, sizeof(number));
  sendto(fd.get(), sent.data(), sent.size(), 0, address.get(), address.size);
  std::vector<char> got(sent.size());
  while (WaitFor(udp_.get(), POLLIN, kPatience)) {
    const ssize_t bytes = recv(udp_.get(), got.data(), got.size(), 0);
    if (bytes == static_cast<ssize_t>(sent.size()) && got == sent) return true;
  }
  return false;
}

Connection::Connection(const NetNamespace& from, const std::string& address,
                       std::uint16_t port)
    : fd_(SocketIn(from, IsIPv4(address) ? AF_INET : AF_INET6, SOCK_STREAM,
                   0)) {
  const Address to = MakeAddress(address, port);
  const int begun = connect(fd_.get(), to.get(), to.size);
  OrDie(begun == 0 || errno == EINPROGRESS, "connect");
  int error = ETIMEDOUT;
  socklen_t size = sizeof(error);
  if (WaitFor(fd_.get(), POLLOUT, absl::Seconds(5))) {
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  }
  errno = error;
  OrDie(error == 0, "connect");
}

bool Pings(const NetNamespace& from, const std::string& text) {
  const util::ScopedFd fd = EchoSocket(from, text);
  SendEcho(fd.get(), text);
  const absl::Time deadline = absl::Now() + kPatience;
  while (absl::Now() < deadline && WaitFor(fd.get(), POLLIN, kPatience)) {
    if (ReceiveEchoReply(fd.get(), text)) return true;
  }
  return false;
}

PingFlood::PingFlood(const NetNamespace& from, const std::string& address)
    : address_(address),
      fd_(EchoSocket(from, address)),
      thread_([this] { Run(); }) {}

void PingFlood::Run() {
  const absl::Duration pause = absl::Milliseconds(1);
  while (!stop_) {
    SendEcho(fd_.get(), address_);
    counts_.sent = ++sent_;
    if (!WaitFor(fd_.get(), POLLIN, pause)) continue;
    if (ReceiveEchoReply(fd_.get(), address_)) ++counts_.answered;
  }
  while (WaitFor(fd_.get(), POLLIN, kPatience)) {
    if (ReceiveEchoReply(fd_.get(), address_)) ++counts_.answered;
  }
}

PingFlood::Counts PingFlood::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return counts_;
}

}  // namespace fwagent::testing
