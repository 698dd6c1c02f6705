#include "agent/service/lifelines.h"

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <utility>

#include "agent/service/host_files.h"

namespace fwagent::service {

Lifelines::Lifelines(Options options) : options_(std::move(options)) {
  for (const std::string& path : options_.resolver_files) {
    resolver_files_.push_back(std::make_unique<RememberedFile>(path));
  }
}

// What it sends while it is connected.
core::Lifeline Lifelines::OfConnection(const TcpPeer& peer, std::string who) {
  constexpr std::uint8_t kAck = 0x10;
  core::Lifeline lifeline{.packet = {.source = peer.address,
                                     .protocol = policy::Protocol::kTcp,
                                     .port_host = peer.local_port_host},
                          .who = std::move(who)};
  lifeline.packet.more.destination = peer.local_address;
  lifeline.packet.more.ip_protocol = std::uint8_t{IPPROTO_TCP};
  lifeline.packet.more.source_port_host = peer.port_host;
  lifeline.packet.more.tcp_flags = kAck;
  const auto route = routes_.To(peer.address);
  if (route.has_value()) lifeline.packet.more.interface = route->interface;
  return lifeline;
}

// What it sends to itself comes in through lo.
bool Lifelines::IsThisHost(const policy::Prefix& address) {
  if (IsLoopback(address)) return true;
  const auto route = routes_.To(address);
  return route.has_value() && route->is_local;
}

void Lifelines::AddSessions(std::vector<core::Lifeline>& found) {
  std::vector<std::uint16_t> ports = options_.session_ports;
  if (options_.agent_port.has_value()) ports.push_back(*options_.agent_port);
  for (const TcpPeer& peer : ConnectedPeers(ports)) {
    found.push_back(OfConnection(peer, "a peer that is connected"));
  }
}

void Lifelines::AddHostsNeeds(std::vector<core::Lifeline>& found) {
  const auto add = [&](const policy::Prefix& address, const char* who) {
    const auto route = routes_.To(address);
    // One to which there is no way is of no use.
    if (!route.has_value()) return;
    core::Lifeline lifeline{.packet = {.source = address}, .who = who};
    lifeline.packet.more.interface = route->interface;
    found.push_back(std::move(lifeline));
  };
  for (const policy::Prefix& gateway : routes_.DefaultGateways()) {
    add(gateway, "this host's default gateway");
  }
  for (const auto& file : resolver_files_) {
    for (const policy::Prefix& server : NameServersIn(file->Read())) {
      add(server, "a name server of this host");
    }
  }
}

std::vector<core::Lifeline> Lifelines::Of(const Peer& peer) {
  routes_.Refresh();
  std::vector<core::Lifeline> found;
  if (peer.tcp.has_value()) {
    found.push_back(OfConnection(*peer.tcp, "the peer of this call"));
  }
  if (peer.is_somebodys) AddSessions(found);
  AddHostsNeeds(found);
  std::erase_if(found, [this](const core::Lifeline& one) {
    return IsThisHost(*one.packet.source) ||
           policy::IsFailsafe(options_.failsafe, one.packet);
  });
  return found;
}

}  // namespace fwagent::service
