#include "tests/e2e/delivery.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/e2e/probe.h"
#include "tests/support/packet_socket.h"

namespace fwagent::testing {
namespace {

// After so long without a packet, none is under way.
constexpr absl::Duration kQuiet = absl::Milliseconds(200);

constexpr int kRawProtocols[] = {
    IPPROTO_UDPLITE, IPPROTO_SCTP, IPPROTO_DCCP, 253,
    IPPROTO_GRE,     IPPROTO_ESP,  IPPROTO_IPIP, IPPROTO_IPV6,
};

void OrDie(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

void OrDie(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

util::ScopedFd Socket(int family, int type, int protocol) {
  util::ScopedFd fd(
      socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  OrDie(fd.valid(), "socket");
  const int room = 16 << 20;
  OrDie(setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ==
            0,
        "SO_RCVBUFFORCE");
  return fd;
}

// For any address of either family.
util::ScopedFd SocketOnPort(int type) {
  util::ScopedFd fd = Socket(AF_INET6, type, 0);
  const int off = 0;
  setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(kProbePort);
  OrDie(bind(fd.get(), reinterpret_cast<sockaddr*>(&any), sizeof(any)) == 0,
        "bind");
  return fd;
}

std::uint16_t Get16(const Bytes& bytes, std::size_t place) {
  if (place + 2 > bytes.size()) return 0;
  return static_cast<std::uint16_t>(bytes[place] << 8 | bytes[place + 1]);
}

struct Received {
  Bytes bytes;
  int family = 0;
  std::uint16_t port = 0;  // that it came from, of a UDP socket
};

// The next packet of a socket.
std::optional<Received> Receive(int fd) {
  Received received{.bytes = Bytes(65536)};
  sockaddr_storage from{};
  socklen_t size = sizeof(from);
  const ssize_t count =
      recvfrom(fd, received.bytes.data(), received.bytes.size(), MSG_DONTWAIT,
               reinterpret_cast<sockaddr*>(&from), &size);
  if (count < 0) return std::nullopt;
  received.bytes.resize(static_cast<std::size_t>(count));
  received.family = from.ss_family;
  if (from.ss_family == AF_INET6) {
    received.port =
        ntohs(reinterpret_cast<const sockaddr_in6*>(&from)->sin6_port);
  }
  return received;
}

// Of a SYN-ACK or an echo reply; else 0.
std::uint16_t NumberOfAnswer(const Bytes& frame) {
  const bool v4 = Get16(frame, 12) == ETHERTYPE_IP;
  if (!v4 && Get16(frame, 12) != ETHERTYPE_IPV6) return 0;
  if (frame.size() < 14 + 40) return 0;
  const std::uint8_t protocol = frame[v4 ? 14 + 9 : 14 + 6];
  const std::size_t transport = v4 ? 14 + (frame[14] & 0x0fu) * 4 : 14 + 40;
  if (protocol == IPPROTO_TCP) {
    constexpr std::uint16_t kSynAck = 0x12;
    const bool answers = Get16(frame, transport) == kProbePort &&
                         (Get16(frame, transport + 12) & 0x3f) == kSynAck;
    return answers ? Get16(frame, transport + 2) : std::uint16_t{0};
  }
  constexpr std::uint16_t kEchoReply4 = 0x0000;
  constexpr std::uint16_t kEchoReply6 = 0x8100;
  const bool is_reply =
      v4 ? protocol == IPPROTO_ICMP && Get16(frame, transport) == kEchoReply4
         : protocol == IPPROTO_ICMPV6 && Get16(frame, transport) == kEchoReply6;
  return is_reply ? Get16(frame, transport + 4) : std::uint16_t{0};
}

// What a packet socket or a raw one received.
std::uint16_t NumberOf(const Received& packet) {
  switch (packet.family) {
    case AF_PACKET:
      return NumberOfAnswer(packet.bytes);
    case AF_INET:  // with its IP header
      return Get16(packet.bytes, (packet.bytes.at(0) & 0x0fu) * 4);
    default:
      return Get16(packet.bytes, 0);
  }
}

// Room for all the datagrams that are never completed: Linux keeps each for 30
// seconds or more, and in the end would drop innocent ones for them. Of the
// namespace that the calling thread is in.
void MakeRoomForFragments() {
  for (const char* path : {"/proc/sys/net/ipv4/ipfrag_high_thresh",
                           "/proc/sys/net/ipv6/ip6frag_high_thresh"}) {
    std::ofstream file(path);
    file << (1 << 30) << std::flush;
    OrDie(file.good(), path);
  }
}

void SetAddressOfDevice(const NetNamespace& where, const char* mac) {
  OrDie(where.Ip({"link", "set", "eth0", "address", mac}));
}

}  // namespace

Delivery::Delivery(const AgentHost& site) : site_(site) {
  SetAddressOfDevice(site.host(), "02:00:00:00:00:01");
  SetAddressOfDevice(site.peer(), "02:00:00:00:00:02");
  {
    const InNetNamespace scope(site.host());
    MakeRoomForFragments();
    udp_ = SocketOnPort(SOCK_DGRAM);
    tcp_ = SocketOnPort(SOCK_STREAM);
    OrDie(listen(tcp_.get(), 4096) == 0, "listen");
    for (const int protocol : kRawProtocols) {
      raw_.push_back(Socket(AF_INET, SOCK_RAW, protocol));
      raw_.push_back(Socket(AF_INET6, SOCK_RAW, protocol));
    }
  }
  const InNetNamespace scope(site.peer());
  wire_ = PacketSocket("eth0");
  waiting_ = {{udp_.get(), POLLIN, 0}, {wire_.get(), POLLIN, 0}};
  for (const auto& fd : raw_) waiting_.push_back({fd.get(), POLLIN, 0});
}

void Delivery::SetMtu(int mtu) {
  for (const NetNamespace* side : {&site_.host(), &site_.peer()}) {
    OrDie(side->Ip({"link", "set", "eth0", "mtu", absl::StrCat(mtu)}));
  }
}

bool Delivery::Send(const Bytes& frame) {
  const ssize_t sent = send(wire_.get(), frame.data(), frame.size(), 0);
  if (sent < 0) OrDie(errno == EMSGSIZE || errno == EINVAL, "send a frame");
  TakeWhatComes(absl::ZeroDuration());
  return sent >= 0;
}

std::multiset<std::uint16_t> Delivery::Collect() {
  while (TakeWhatComes(kQuiet)) {
  }
  return std::exchange(delivered_, {});
}

bool Delivery::TakeWhatComes(absl::Duration patience) {
  const int milliseconds =
      static_cast<int>(absl::ToInt64Milliseconds(patience));
  if (poll(waiting_.data(), waiting_.size(), milliseconds) <= 0) return false;
  for (const pollfd& socket : waiting_) {
    if (socket.revents == 0) continue;
    while (const auto packet = Receive(socket.fd)) {
      const std::uint16_t number =
          socket.fd == udp_.get() ? packet->port : NumberOf(*packet);
      if (number != 0) delivered_.insert(number);
    }
  }
  return true;
}

}  // namespace fwagent::testing
