#include "agent/arguments.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "agent/packet_option_keys.h"
#include "agent/util/status_macros.h"

namespace fwagent {
namespace {

constexpr int kUsageError = 2;
constexpr char kSchemaCopy[] = "schema-copy";

// Flags that were given; the rest is left to the file and the defaults.
struct Flags {
  std::optional<std::string> config_file;
  std::vector<std::string> interfaces;
  std::optional<std::string> mode;
  std::optional<std::string> socket;
  std::optional<std::string> socket_group;
  std::optional<std::string> listen;
  bool insecure_remote = false;
  std::optional<std::string> state_dir;
  std::optional<std::string> pin_dir;
  std::optional<std::uint32_t> max_sources;
  std::vector<std::string> failsafe;
  std::vector<std::uint16_t> session_ports;
  std::vector<std::string> policy;
  std::optional<std::string> log_level;
  // By key, as in the configuration file.
  std::map<std::string, std::string> packets;
  std::optional<std::string> recover;
  bool check_only = false;
};

void Declare(CLI::App& app, Flags& flags) {
  // As everywhere: of a flag that is given twice, the last one counts.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_version_flag("--version", std::string("fwagent ") + FW_VERSION);
  app.add_option("-c,--config", flags.config_file,
                 absl::StrCat("configuration file (", kDefaultConfigFile, ")"));
  app.add_option("-i,--interface", flags.interfaces,
                 "interface to guard, or pattern of names (eth*); may be given "
                 "several times")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--mode", flags.mode,
                 "auto (native, else generic), native or generic");
  app.add_option("--socket", flags.socket, "path of the Unix socket");
  app.add_option("--socket-group", flags.socket_group,
                 "group that may use the Unix socket");
  app.add_option("--listen", flags.listen,
                 "also listen on this TCP address, as in 127.0.0.1:7443");
  app.add_flag("--insecure-remote", flags.insecure_remote,
               "let --listen be reached from other hosts, unencrypted");
  app.add_option("--state-dir", flags.state_dir, "where the rules are kept");
  app.add_option("--pin-dir", flags.pin_dir,
                 "where the filter is pinned: a folder in a bpffs");
  app.add_option("--max-sources", flags.max_sources,
                 "most source prefixes of each family (10000000); memory "
                 "grows with those that are there");
  app.add_option("--failsafe", flags.failsafe,
                 "sources, and perhaps ports, that are never dropped, as in "
                 "'198.51.100.0/24 22/tcp'; may be given several times")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1);
  app.add_option("--session-port", flags.session_ports,
                 "TCP port at which people log in (22): no change cuts off "
                 "whoever is connected; may be given several times")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1);
  app.add_option("--policy", flags.policy,
                 "file with documents, or folder of them, that is applied "
                 "whenever it changes; may be given several times")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1);
  app.add_option("--log-level", flags.log_level,
                 "trace, debug, info, warning or error");
  app.add_option("--default-verdict", flags.packets["default_verdict"],
                 "packets that no rule says anything of: pass, or drop but for "
                 "what the host needs to stay on the network");
  app.add_option("--malformed", flags.packets["malformed"],
                 "packets that cannot be read far enough: auto (drop them when "
                 "a rule would need what is missing), pass or drop");
  app.add_option("--undecided-fragments", flags.packets["undecided_fragments"],
                 "later fragments of whose first one nothing is known: pass or "
                 "drop");
  app.add_option("--essential", flags.packets["essential"],
                 "what passes where the default is to drop: all, none, or some "
                 "of neighbor-discovery, icmp-errors, multicast-listeners, "
                 "dhcp, with commas");
  app.add_option("--shadow", flags.packets["shadow"],
                 "true: drop nothing, count what would be dropped");
  app.add_option("--recover", flags.recover,
                 "where a damaged store is recovered from: kernel (the rules "
                 "in force) or copy (the last good copy); a newer agent's "
                 "store: schema-copy (what it kept at the upgrade)")
      ->check(CLI::IsMember({"kernel", "copy", kSchemaCopy}));
  app.add_flag("--check-config", flags.check_only,
               "only say whether the configuration is right");
}

template <typename T>
void Override(const std::optional<T>& flag, T& value) {
  if (flag.has_value()) value = *flag;
}

absl::Status Overlay(const Flags& flags, Config& config) {
  if (!flags.interfaces.empty()) config.interfaces = flags.interfaces;
  if (flags.mode.has_value()) {
    FW_RETURN_IF_ERROR(ParseMode(*flags.mode, config.mode));
  }
  Override(flags.socket, config.socket);
  Override(flags.socket_group, config.socket_group);
  Override(flags.listen, config.listen);
  if (flags.insecure_remote) config.insecure_remote = true;
  Override(flags.state_dir, config.state_dir);
  Override(flags.pin_dir, config.pin_dir);
  Override(flags.max_sources, config.max_sources);
  if (!flags.failsafe.empty()) config.failsafe = flags.failsafe;
  if (!flags.session_ports.empty()) config.session_ports = flags.session_ports;
  if (!flags.policy.empty()) config.policy = flags.policy;
  Override(flags.log_level, config.log_level);
  for (const auto& [key, text] : flags.packets) {
    if (text.empty()) continue;  // not given
    FW_RETURN_IF_ERROR(SetPacketOption(key, text, config.packets));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Invocation> ParseArguments(int argc, char** argv) {
  Invocation invocation;
  Flags flags;
  CLI::App app("Guards network interfaces with an XDP packet filter.",
               "fwagent");
  Declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    invocation.exit_code = app.exit(error) == 0 ? 0 : kUsageError;
    return invocation;
  }
  // The default file may be absent, a named one may not.
  std::error_code error;
  if (flags.config_file.has_value() ||
      std::filesystem::exists(kDefaultConfigFile, error)) {
    FW_RETURN_IF_ERROR(ReadConfigFile(
        flags.config_file.value_or(kDefaultConfigFile), invocation.config));
  }
  FW_RETURN_IF_ERROR(Overlay(flags, invocation.config));
  FW_RETURN_IF_ERROR(ValidateConfig(invocation.config));
  invocation.go_back = flags.recover == kSchemaCopy;
  if (flags.recover.has_value() && !invocation.go_back) {
    invocation.recover = *flags.recover == "kernel" ? core::RecoverFrom::kKernel
                                                    : core::RecoverFrom::kCopy;
  }
  invocation.check_only = flags.check_only;
  return invocation;
}

}  // namespace fwagent
