// Who is connected to this host by TCP.
#ifndef FWAGENT_AGENT_SERVICE_HOST_TCP_H_
#define FWAGENT_AGENT_SERVICE_HOST_TCP_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/policy/prefix.h"

namespace fwagent::service {

struct TcpPeer {
  // Hosts; of IPv4 also where a socket of IPv6 serves it.
  policy::Prefix address;
  policy::Prefix local_address;
  std::uint16_t port_host = 0;
  std::uint16_t local_port_host = 0;

  auto operator<=>(const TcpPeer&) const = default;
};

// The peers of established connections to one of these ports, in the text of
// /proc/net/tcp or, `is_ipv6`, /proc/net/tcp6. Lines that cannot be read are
// left out.
std::vector<TcpPeer> PeersIn(std::string_view text, bool is_ipv6,
                             const std::vector<std::uint16_t>& local_ports);

// The same of both files of this network namespace, each peer once.
std::vector<TcpPeer> ConnectedPeers(
    const std::vector<std::uint16_t>& local_ports);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_HOST_TCP_H_
