// Real packets between two namespaces, and whether they arrive.
#ifndef FWAGENT_TESTS_SUPPORT_TRAFFIC_H_
#define FWAGENT_TESTS_SUPPORT_TRAFFIC_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "tests/support/net_namespace.h"

namespace fwagent::testing {

// How long to wait for a packet that may have been dropped.
inline constexpr absl::Duration kPatience = absl::Milliseconds(300);

// A TCP and a UDP socket on one port of a namespace, for any address of
// either family.
class Receiver {
 public:
  // Port 0 lets the kernel choose. Aborts when the port is taken.
  explicit Receiver(const NetNamespace& net_namespace, std::uint16_t port = 0);

  std::uint16_t port() const { return port_; }

  // Whether a connection from `from` to `address` is established.
  bool GetsTcp(const NetNamespace& from, const std::string& address) const;
  // Whether a datagram of `size` bytes from `from` to `address` is received.
  bool GetsUdp(const NetNamespace& from, const std::string& address,
               std::size_t size = 16);

 private:
  util::ScopedFd tcp_;
  util::ScopedFd udp_;
  std::uint16_t port_ = 0;
  std::uint32_t next_datagram_ = 1;
};

// An established TCP connection, until the end of the scope. Aborts when nobody
// listens there.
class Connection {
 public:
  Connection(const NetNamespace& from, const std::string& address,
             std::uint16_t port);

 private:
  util::ScopedFd fd_;
};

// Whether an ICMP or ICMPv6 echo request gets its reply.
bool Pings(const NetNamespace& from, const std::string& address);

// Sends ICMP echo requests without waiting for replies, about a thousand a
// second, until it is destroyed or stopped.
class PingFlood {
 public:
  PingFlood(const NetNamespace& from, const std::string& address);
  ~PingFlood() { Stop(); }

  struct Counts {
    int sent = 0;
    int answered = 0;
  };
  // What it sent to date.
  int sent() const { return sent_; }
  // Ends it, and waits a moment for late replies.
  Counts Stop();

 private:
  void Run();

  const std::string address_;
  util::ScopedFd fd_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> sent_ = 0;
  Counts counts_;  // of the thread until it has ended
  std::thread thread_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_TRAFFIC_H_
