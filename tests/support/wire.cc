#include "tests/support/wire.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/support/net_namespace.h"
#include "tests/support/packet_socket.h"

namespace fwagent::testing {
namespace {

constexpr std::array<std::uint8_t, 8> kMark = {'f', 'w', 'p', 'r',
                                               'o', 'b', 'e', '!'};
constexpr int kPatienceMs = 5000;
// A veth pair holds 256 packets.
constexpr std::size_t kAtOnce = 64;

Packet Innocent() {
  return Ethernet{} / IPv4{.src = kInnocentIPv4} / Udp{.dport = 9};
}

}  // namespace

Target SourceTarget(const std::string& prefix, const std::string& address) {
  const policy::Match match = *policy::Prefix::Parse(prefix);
  const bool is_ipv6 = address.find(':') != std::string::npos;
  return {match, policy::MatchToString(match),
          is_ipv6 ? Ethernet{} / IPv6{.src = address} / Udp{.dport = 9}
                  : Ethernet{} / IPv4{.src = address} / Udp{.dport = 9}};
}

Wire::Wire(const AgentHost& site) {
  {
    const InNetNamespace scope(site.peer());
    peer_ = PacketSocket("eth0");
  }
  const InNetNamespace scope(site.host());
  host_ = PacketSocket("eth0");
}

std::vector<bool> Wire::Passes(const std::vector<const Target*>& targets) {
  std::vector<bool> passed(targets.size(), false);
  const std::size_t last = first_ + targets.size();
  for (std::size_t at = 0; at < targets.size(); at += kAtOnce) {
    const std::size_t end = std::min(at + kAtOnce, targets.size());
    for (std::size_t i = at; i < end; ++i) Send(targets[i]->probe, first_ + i);
    Send(Innocent(), last);
    Collect(last, passed);
  }
  first_ = last + 1;
  return passed;
}

void Wire::Send(const Packet& probe, std::size_t number) {
  Raw end{.bytes = {kMark.begin(), kMark.end()}};
  for (int shift = 24; shift >= 0; shift -= 8) {
    end.bytes.push_back(static_cast<std::uint8_t>(number >> shift));
  }
  const Bytes frame = (probe / end).ToBytes();
  if (send(peer_.get(), frame.data(), frame.size(), 0) < 0) {
    std::perror("send a probe");
    std::abort();
  }
}

void Wire::Collect(std::size_t last, std::vector<bool>& passed) {
  std::array<std::uint8_t, 2048> frame;
  for (;;) {
    pollfd wait{host_.get(), POLLIN, 0};
    if (poll(&wait, 1, kPatienceMs) <= 0) {
      std::fprintf(stderr, "an innocent packet did not pass the filter\n");
      std::abort();
    }
    const ssize_t size = recv(host_.get(), frame.data(), frame.size(), 0);
    if (size < 12) continue;
    const std::uint8_t* end = frame.data() + size - 12;
    if (std::memcmp(end, kMark.data(), kMark.size()) != 0) continue;
    std::size_t number = 0;
    for (int i = 8; i < 12; ++i) number = number << 8 | end[i];
    if (number == last) return;
    if (number >= first_ && number - first_ < passed.size()) {
      passed[number - first_] = true;
    }
  }
}

}  // namespace fwagent::testing
