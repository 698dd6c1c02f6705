#include "agent/service/lifelines.h"

#include <algorithm>
#include <utility>

#include "agent/service/host_files.h"
#include "agent/service/host_routes.h"
#include "agent/service/host_tcp.h"

namespace fwagent::service {
namespace {

core::Lifeline OnPort(const policy::Prefix& address, std::uint16_t port,
                      std::string who) {
  return {.packet = {.source = address,
                     .protocol = policy::Protocol::kTcp,
                     .port_host = port},
          .who = std::move(who)};
}

// What it sends to itself comes in through lo.
bool IsThisHost(const policy::Prefix& address) {
  if (IsLoopback(address)) return true;
  const auto route = RouteTo(address);
  return route.has_value() && route->is_local;
}

}  // namespace

void Lifelines::AddSessions(std::vector<core::Lifeline>& found) const {
  std::vector<std::uint16_t> ports = options_.session_ports;
  if (options_.agent_port.has_value()) ports.push_back(*options_.agent_port);
  for (const TcpPeer& peer : ConnectedPeers(ports)) {
    found.push_back(
        OnPort(peer.address, peer.local_port_host, "a peer that is connected"));
  }
}

void Lifelines::AddHostsNeeds(std::vector<core::Lifeline>& found) const {
  for (const policy::Prefix& gateway : DefaultGateways()) {
    found.push_back(
        {.packet = {.source = gateway}, .who = "this host's default gateway"});
  }
  for (const std::string& file : options_.resolver_files) {
    for (const policy::Prefix& server : NameServersIn(ReadHostFile(file))) {
      // One to which there is no way is of no use.
      if (!RouteTo(server).has_value()) continue;
      found.push_back(
          {.packet = {.source = server}, .who = "a name server of this host"});
    }
  }
}

std::vector<core::Lifeline> Lifelines::Of(const Peer& peer) const {
  std::vector<core::Lifeline> found;
  if (peer.address.has_value()) {
    found.push_back(
        OnPort(*peer.address, peer.local_port_host, "the peer of this call"));
  }
  if (peer.pid.has_value() && IsInLoginSession(*peer.pid)) AddSessions(found);
  AddHostsNeeds(found);
  std::erase_if(found, [this](const core::Lifeline& one) {
    return IsThisHost(*one.packet.source) ||
           policy::IsFailsafe(options_.failsafe, one.packet);
  });
  return found;
}

}  // namespace fwagent::service
