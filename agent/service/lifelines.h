// Who must not be cut off by a call: see docs/lockout.md.
#ifndef FWAGENT_AGENT_SERVICE_LIFELINES_H_
#define FWAGENT_AGENT_SERVICE_LIFELINES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/lifeline.h"
#include "agent/policy/failsafe.h"
#include "agent/service/host_tcp.h"
#include "agent/service/peers.h"
#include "agent/service/remembered_file.h"
#include "agent/service/remembered_routes.h"

namespace fwagent::service {

// Of the network namespace in which it was made, as it is at each call: what is
// remembered is forgotten when the kernel tells of a change. Of what it does
// not tell (routes that expire, redirects), as it was a second ago at most.
// Where somebody has logged in, a call takes as long as it takes to read all
// TCP connections. Thread-safe.
class Lifelines {
 public:
  struct Options {
    // Where people log in, and where the agent itself listens.
    std::vector<std::uint16_t> session_ports = {22};
    std::optional<std::uint16_t> agent_port = {};
    // Saved by the program, whatever changes.
    std::vector<policy::FailsafeEntry> failsafe = {};
    // As resolv.conf(5); those that are missing are left out.
    std::vector<std::string> resolver_files = {
        "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};
  };

  explicit Lifelines(Options options);

  // The peer itself, if it came by TCP. Of a process on this host that belongs
  // to somebody's login: the peers of all connections to those ports, of which
  // one is theirs. The gateways and name servers that this host uses.
  std::vector<core::Lifeline> Of(const Peer& peer);

 private:
  core::Lifeline OfConnection(const TcpPeer& peer, std::string who);
  void AddSessions(std::vector<core::Lifeline>& found);
  void AddHostsNeeds(std::vector<core::Lifeline>& found);
  bool IsThisHost(const policy::Prefix& address);

  const Options options_;
  RememberedRoutes routes_;
  std::vector<std::unique_ptr<RememberedFile>> resolver_files_;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_LIFELINES_H_
