// Who must not be cut off by a call: see docs/lockout.md.
#ifndef FWAGENT_AGENT_SERVICE_LIFELINES_H_
#define FWAGENT_AGENT_SERVICE_LIFELINES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/lifeline.h"
#include "agent/policy/failsafe.h"
#include "agent/service/peers.h"

namespace fwagent::service {

// Looks anew at the host for each call, which takes some tens of microseconds;
// where somebody has logged in, as long as it takes to read all of its TCP
// connections. Thread-safe.
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

  explicit Lifelines(Options options) : options_(std::move(options)) {}

  // The peer itself, if it came by TCP. Of a process on this host that belongs
  // to somebody's login: the peers of all connections to those ports, of which
  // one is theirs. The gateways and name servers that this host uses.
  std::vector<core::Lifeline> Of(const Peer& peer) const;

 private:
  void AddSessions(std::vector<core::Lifeline>& found) const;
  void AddHostsNeeds(std::vector<core::Lifeline>& found) const;

  const Options options_;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_LIFELINES_H_
