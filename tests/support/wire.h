// Packets of any source that ask the kernel what it blocks.
#ifndef FWAGENT_TESTS_SUPPORT_WIRE_H_
#define FWAGENT_TESTS_SUPPORT_WIRE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "agent/policy/rule.h"
#include "agent/util/scoped_fd.h"
#include "tests/support/agent_host.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// Of the peer, beside its own address: never blocked, and always blocked.
inline constexpr char kInnocentIPv4[] = "192.0.2.4";
inline constexpr char kGuiltyIPv4[] = "192.0.2.3";

// One thing to block, with a packet that is dropped exactly when it is.
struct Target {
  policy::Match match;
  std::string name;  // as policy::MatchToString
  Packet probe;
};

Target SourceTarget(const std::string& prefix, const std::string& address);

// Sends probes from the peer, and looks behind the host's filter.
class Wire {
 public:
  explicit Wire(const AgentHost& site);

  // For each, whether its probe passed the filter. Aborts the test program when
  // an innocent packet behind them does not arrive.
  std::vector<bool> Passes(const std::vector<const Target*>& targets);
  bool Passes(const Target& target) { return Passes({&target}).front(); }

 private:
  void Send(const Packet& probe, std::size_t number);
  void Collect(std::size_t last, std::vector<bool>& passed);

  util::ScopedFd peer_;
  util::ScopedFd host_;
  std::size_t first_ = 0;  // number of the first probe of this call
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_WIRE_H_
