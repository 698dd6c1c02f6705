// A host with an agent, and a peer that sends to it: real binaries, real
// namespaces, real packets.
#ifndef FWAGENT_TESTS_SUPPORT_AGENT_HOST_H_
#define FWAGENT_TESTS_SUPPORT_AGENT_HOST_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/support/net_namespace.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace fwagent::testing {

// Two namespaces joined by a veth pair (eth0 on either side), with folders of
// its own for state, socket and pins. Destruction ends the agent and removes
// all of it.
class AgentHost {
 public:
  static constexpr char kHostIPv4[] = "192.0.2.1";
  static constexpr char kPeerIPv4[] = "192.0.2.2";
  static constexpr char kHostIPv6[] = "2001:db8::1";
  static constexpr char kPeerIPv6[] = "2001:db8::2";

  // Aborts the test program when the kernel refuses namespaces.
  AgentHost();
  ~AgentHost();

  AgentHost(const AgentHost&) = delete;
  AgentHost& operator=(const AgentHost&) = delete;

  const NetNamespace& host() const { return host_; }
  const NetNamespace& peer() const { return peer_; }
  const TempDir& dir() const { return dir_; }
  const std::string& pin_dir() const { return pin_dir_; }
  std::string socket() const { return dir_ / "fw.sock"; }
  std::string address() const { return "unix:" + socket(); }

  // The agent's command line, with eth0 unless `interfaces` says otherwise.
  std::vector<std::string> AgentCommand(
      const std::vector<std::string>& extra = {},
      const std::vector<std::string>& interfaces = {"eth0"}) const;

  // Starts the agent and waits until it is ready. False, with its output
  // printed, when it does not get there.
  bool StartAgent(const std::vector<std::string>& extra = {},
                  const std::vector<std::string>& interfaces = {"eth0"});
  // Runs an agent that is expected to give up.
  ProcessResult RunAgent(const std::vector<std::string>& command) const;
  Process& agent() { return *agent_; }
  bool has_agent() const { return agent_ != nullptr; }
  // Ends the agent by this signal and waits.
  ProcessResult StopAgent(int signal);

  // Runs fwctl on the host, over the Unix socket or to `address`, with
  // `input` as its standard input.
  ProcessResult Fwctl(const std::vector<std::string>& arguments,
                      const std::string& input = "") const;
  ProcessResult FwctlAt(const std::string& address,
                        const std::vector<std::string>& arguments,
                        const std::string& input = "") const;
  // The same in another namespace.
  ProcessResult FwctlIn(const NetNamespace& net_namespace,
                        const std::string& address,
                        const std::vector<std::string>& arguments,
                        const std::string& input = "") const;
  // The path of the program.
  static std::string FwctlBinary();

 private:
  void RemovePins() const;

  NetNamespace host_;
  NetNamespace peer_;
  TempDir dir_;
  std::string pin_dir_;
  std::unique_ptr<Process> agent_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_AGENT_HOST_H_
