// What the agent is told at start: defaults, overridden by the configuration
// file, overridden by flags.
#ifndef FWAGENT_AGENT_CONFIG_H_
#define FWAGENT_AGENT_CONFIG_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "agent/dataplane/data_plane.h"
#include "agent/dataplane/packet_options.h"
#include "agent/policy/failsafe.h"
#include "agent/service/sockets.h"

namespace fwagent {

struct Config {
  std::vector<std::string> interfaces;  // names and patterns
  dataplane::ModePreference mode = dataplane::ModePreference::kAuto;
  std::string socket = "/run/fwagent/fwagent.sock";
  std::string socket_group;  // empty: that of the process
  std::string listen;        // TCP; empty: none
  bool insecure_remote = false;
  std::string state_dir = "/var/lib/fwagent";
  std::string pin_dir = "/sys/fs/bpf/fwagent";
  std::uint32_t max_sources = 10'000'000;  // of each family
  dataplane::PacketOptions packets;
  // What is said of some interfaces goes before it: by name or pattern, in the
  // order of the file, and by key, "mode" or what SetPacketOption takes.
  using Choices = std::map<std::string, std::string>;
  std::vector<std::pair<std::string, Choices>> interface_options;
  // Sources and ports, as policy::ParseFailsafe reads them, that are never
  // dropped.
  std::vector<std::string> failsafe;
  // TCP ports at which people log in.
  std::vector<std::uint16_t> session_ports = {22};
  // Files with documents, and folders of them, that are applied whenever they
  // change.
  std::vector<std::string> policy;
  std::string log_level = "info";

  service::SocketOptions socket_options() const;
  // Of what was validated.
  std::vector<policy::FailsafeEntry> failsafe_entries() const;
  // Of an interface of which nothing else is said.
  dataplane::PacketOptions common_packets() const;
  // Of one interface: what is said of its very name, or else of the first
  // pattern that it matches, goes before what is said of all.
  dataplane::PacketOptions packets_of(const std::string& name) const;
  dataplane::ModePreference mode_of(const std::string& name) const;

 private:
  const Choices& choices_of(const std::string& name) const;
};

// Reads a YAML mapping over `config`. INVALID_ARGUMENT with file, line and
// column for a key that is not known, given twice, or of the wrong type;
// NOT_FOUND when there is no such file. On error `config` may be half-written.
absl::Status ReadConfigFile(const std::string& path, Config& config);

// All that can be said without touching the host: at least one interface, no
// doubles, limits, addresses, names of levels.
absl::Status ValidateConfig(const Config& config);

// "auto", "native" or "generic".
absl::Status ParseMode(const std::string& text,
                       dataplane::ModePreference& mode);

}  // namespace fwagent

#endif  // FWAGENT_AGENT_CONFIG_H_
