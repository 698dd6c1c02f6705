#include "tests/support/packet_socket.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

namespace fwagent::testing {
namespace {

constexpr int kRoom = 16 << 20;

void OrDie(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

}  // namespace

util::ScopedFd PacketSocket(const std::string& device) {
  // Of no protocol until it is bound: nothing of other devices comes before.
  util::ScopedFd fd(
      socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  OrDie(fd.valid(), "packet socket");
  OrDie(setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom,
                   sizeof(kRoom)) == 0,
        "SO_RCVBUFFORCE");
  const int on = 1;
  OrDie(setsockopt(fd.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
                   sizeof(on)) == 0,
        "PACKET_IGNORE_OUTGOING");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
  OrDie(bind(fd.get(), reinterpret_cast<sockaddr*>(&address),
             sizeof(address)) == 0,
        device.c_str());
  return fd;
}

}  // namespace fwagent::testing
