#include "client/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/duration.h"
#include "client/printable.h"
#include "client/set_options.h"
#include "client/version.h"

namespace fwagent::client {
namespace {

constexpr char kFooter[] =
    "Exit codes:\n"
    "  0  done\n"
    "  1  refused by the agent, failed, or a check did not hold\n"
    "  2  the command line cannot be understood\n"
    "  3  no agent answered\n";

// CLI11 reads "-1" as a very high number.
std::string IsGeneration(const std::string& text) {
  return text.find_first_not_of("0123456789") == std::string::npos
             ? ""
             : "must be the number of a generation: see history";
}

// What CLI11 fills in: the command line in words.
struct Words {
  std::vector<std::string> prefixes;  // without the empty ones
  std::string output = "text";
  std::string address = kDefaultAddress;
  std::string timeout = "5s";
  std::string ports;
  std::string watch;
  std::string mode;
  std::optional<std::string> ttl;
  std::optional<std::string> until;
  std::optional<std::string> confirm_within;
  std::string recover_from;
  bool all_interfaces = false;
};

// The parser with what it fills in.
class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "fwctl " + ClientVersion());
    app_.footer(kFooter);
    AddGlobals();
    AddIpCommands();
    AddPortCommands();
    AddReadCommands();
    AddInterfaceCommands();
    AddRecover();
  }

  Invocation Parse(const std::vector<std::string>& args);

 private:
  CLI::App* AddCommand(Command command, const std::string& name,
                       const std::string& description);
  void AddGlobals();
  void AddIpCommands();
  void AddPortCommands();
  void AddReadCommands();
  void AddInterfaceCommands();
  void AddRecover();
  void AddChangeOptions(CLI::App* app);
  void AddBlockOptions(CLI::App* app);
  void AddUnblockOptions(CLI::App* app);

  // Words to values: absl::Status with what cannot be understood.
  absl::Status Understand();
  absl::Status UnderstandEnd();
  absl::Status UnderstandSources();
  absl::Status UnderstandStats();
  absl::Status UnderstandInterfaces(const char* command);
  // What to say of an error when no command was recognised.
  std::string CommandMissing(const CLI::ParseError& error) const;
  UsageError Misunderstood(std::string message) const;

  CLI::App app_{"Controls fwagent, the packet filter of this or another host.",
                "fwctl"};
  CLI::Option* output_ = nullptr;
  CLI::Option* watch_ = nullptr;
  std::vector<const CLI::Option*> prefixes_;  // of each command that has them
  CLI::Option* mode_ = nullptr;
  Words words_;
  Arguments arguments_;
  SetOptions set_options_{app_, arguments_};
};

CLI::App* CommandLine::AddCommand(Command command, const std::string& name,
                                  const std::string& description) {
  CLI::App* app = app_.add_subcommand(name, description);
  app->fallthrough();  // the global options are understood after it too
  app->callback([this, command] { arguments_.command = command; });
  return app;
}

void CommandLine::AddGlobals() {
  output_ = app_.add_option("-o,--output", words_.output, "text or json")
                ->check(CLI::IsMember({"text", "json"}))
                ->capture_default_str();
  app_.add_option("-a,--address", words_.address,
                  "Where the agent listens: unix:/path, host:port or "
                  "[v6]:port")
      ->envname("FWCTL_ADDRESS")
      ->capture_default_str();
  app_.add_option("--timeout", words_.timeout,
                  "Limit of each call, as in 500ms, 5s, 1m")
      ->capture_default_str();
}

void CommandLine::AddChangeOptions(CLI::App* app) {
  app->add_option("--request-id", arguments_.request_id,
                  "Makes a retry harmless: the same id is applied once");
  app->add_flag("--validate-only", arguments_.validate_only,
                "Only say whether the agent would accept it");
  app->add_option("--if-etag", arguments_.etag,
                  "Only under the policy with this etag: see status");
  app->add_option(
      "--confirm-within", words_.confirm_within,
      "Take it back after this unless it is confirmed: see confirm");
}

void CommandLine::AddBlockOptions(CLI::App* app) {
  app->add_option("--comment", arguments_.comment, "Text kept with the rule");
  CLI::Option* ttl =
      app->add_option("--ttl", words_.ttl,
                      "End the block after this, as in 90s, 10m, 1h30m, 7d");
  app->add_option("--until", words_.until,
                  "End the block then, as in 2026-12-01T12:00:00Z")
      ->excludes(ttl);
  app->add_flag("--renew", arguments_.renew,
                "If it is blocked already, give the block this end");
  AddChangeOptions(app);
  app->add_flag("--exist-ok", arguments_.tolerate_unchanged,
                "Succeed if it is blocked already");
}

void CommandLine::AddUnblockOptions(CLI::App* app) {
  AddChangeOptions(app);
  app->add_flag("--missing-ok", arguments_.tolerate_unchanged,
                "Succeed if it is not blocked");
}

void CommandLine::AddIpCommands() {
  CLI::App* block = AddCommand(Command::kBlockIp, "block-ip",
                               "Drop every packet from these addresses");
  CLI::App* unblock = AddCommand(Command::kUnblockIp, "unblock-ip",
                                 "Lift the block of exactly this prefix");
  for (CLI::App* app : {block, unblock}) {
    prefixes_.push_back(
        app->add_option("PREFIX", words_.prefixes,
                        "Source addresses: 192.0.2.1, 192.0.2.0/24, "
                        "2001:db8::/32"));
    app->add_option("-f,--file", arguments_.file,
                    "More of them, one on a line; - for standard input");
  }
  AddBlockOptions(block);
  AddUnblockOptions(unblock);
}

void CommandLine::AddPortCommands() {
  CLI::App* block = AddCommand(Command::kBlockPort, "block-port",
                               "Drop every packet to these ports");
  CLI::App* unblock = AddCommand(Command::kUnblockPort, "unblock-port",
                                 "Lift the block of exactly this range");
  for (CLI::App* app : {block, unblock}) {
    app->add_option("PORT[-PORT]/PROTOCOL", words_.ports,
                    "Destination ports: 443/tcp, 8000-8100/udp, 9899/sctp")
        ->required();
  }
  AddBlockOptions(block);
  AddUnblockOptions(unblock);
}

void CommandLine::AddReadCommands() {
  AddCommand(Command::kList, "list", "List every rule");
  CLI::App* stats =
      AddCommand(Command::kStats, "stats", "Show the packet and byte counters");
  stats->add_flag("--all", arguments_.all_counters, "Also those that are zero");
  watch_ = stats
               ->add_option("--watch", words_.watch,
                            "Again every so many seconds, with rates")
               ->expected(0, 1)
               ->type_name("SECONDS=1");
  stats->add_option("--count", arguments_.sample_count, "Stop after this many")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->needs(watch_);
  CLI::App* status = AddCommand(Command::kStatus, "status",
                                "Show what the agent guards, and how");
  status->add_flag("--check", arguments_.check,
                   "Exit with 1 unless every interface is attached");
  AddCommand(Command::kHistory, "history",
             "Show how the policy came to be, the newest generation first")
      ->add_option("--count", arguments_.history_count, "So many generations")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  CLI::App* rollback =
      AddCommand(Command::kRollback, "rollback",
                 "Make everything as it was at an earlier generation");
  rollback
      ->add_option("GENERATION", arguments_.generation,
                   "Its number: see history")
      ->check(IsGeneration)
      ->required();
  AddChangeOptions(rollback);
  AddCommand(Command::kConfirm, "confirm",
             "Keep a change that was made with --confirm-within")
      ->add_option("GENERATION", arguments_.generation,
                   "Its number; without it, whichever waits")
      ->check(IsGeneration);
  AddCommand(Command::kVersion, "version",
             "Show the versions of fwctl and of the agent");
}

void CommandLine::AddInterfaceCommands() {
  CLI::App* attach =
      AddCommand(Command::kAttach, "attach",
                 "Put the filter on, until the agent ends or it is detached");
  mode_ = attach
              ->add_option("--mode", words_.mode,
                           "native, generic or auto; without it as configured")
              ->check(CLI::IsMember({"native", "generic", "auto"}));
  CLI::App* detach =
      AddCommand(Command::kDetach, "detach",
                 "Take the filter off: packets are no longer judged");
  attach->add_flag("--all", words_.all_interfaces,
                   "Wherever the configuration says");
  detach->add_flag("--all", words_.all_interfaces, "From every interface");
  for (CLI::App* app : {attach, detach}) {
    app->add_option("INTERFACE", arguments_.interfaces,
                    "Names or patterns: eth0, 'veth*'");
  }
}

void CommandLine::AddRecover() {
  CLI::App* app = AddCommand(Command::kRecover, "recover",
                             "Give an agent with a damaged store a new one");
  app->add_option("--from", words_.recover_from,
                  "kernel: the blocks that are in force; copy: the last good "
                  "copy of the store")
      ->required()
      ->check(CLI::IsMember({"kernel", "copy"}));
}

absl::Status CommandLine::UnderstandSources() {
  for (const CLI::Option* prefixes : prefixes_) {
    for (const std::string& text : prefixes->results()) {
      arguments_.prefixes.push_back(text);
    }
  }
  if (!arguments_.prefixes.empty() || !arguments_.file.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "PREFIX is required, or --file with a list of them");
}

absl::Status CommandLine::UnderstandEnd() {
  if (words_.ttl.has_value()) {
    const auto ttl = ReadTtl("--ttl", *words_.ttl);
    if (!ttl.ok()) return ttl.status();
    arguments_.ttl = *ttl;
  }
  if (words_.until.has_value()) {
    const auto until = ReadTime("--until", *words_.until);
    if (!until.ok()) return until.status();
    arguments_.until = *until;
  }
  if (words_.confirm_within.has_value()) {
    const auto within = ReadTtl("--confirm-within", *words_.confirm_within);
    if (!within.ok()) return within.status();
    arguments_.confirm_within = *within;
  }
  return absl::OkStatus();
}

absl::Status CommandLine::UnderstandStats() {
  if (watch_->count() == 0) return absl::OkStatus();
  const auto interval =
      ReadDuration("--watch", words_.watch.empty() ? "1" : words_.watch);
  if (!interval.ok()) return interval.status();
  arguments_.watch = *interval;
  return absl::OkStatus();
}

absl::Status CommandLine::UnderstandInterfaces(const char* command) {
  if (arguments_.interfaces.empty() != words_.all_interfaces) {
    return absl::InvalidArgumentError(absl::StrCat(
        command, words_.all_interfaces
                     ? ": name interfaces or say --all, not both"
                     : ": name the interfaces, or say --all for every one"));
  }
  if (mode_->count() == 0) return absl::OkStatus();
  if (words_.all_interfaces) {
    return absl::InvalidArgumentError(
        "attach: --mode is for interfaces that are named, not for --all");
  }
  arguments_.mode =
      words_.mode == "native"    ? fwagent::v1::MODE_PREFERENCE_NATIVE
      : words_.mode == "generic" ? fwagent::v1::MODE_PREFERENCE_GENERIC
                                 : fwagent::v1::MODE_PREFERENCE_AUTO;
  return absl::OkStatus();
}

absl::Status CommandLine::Understand() {
  arguments_.output =
      words_.output == "json" ? OutputFormat::kJson : OutputFormat::kText;
  const auto address = ParseAddress(words_.address);
  if (!address.ok()) return address.status();
  arguments_.address = *address;
  const auto timeout = ReadDuration("--timeout", words_.timeout);
  if (!timeout.ok()) return timeout.status();
  arguments_.timeout = *timeout;
  absl::Status end = UnderstandEnd();
  if (!end.ok()) return end;
  switch (arguments_.command) {
    case Command::kBlockIp:
    case Command::kUnblockIp:
      return UnderstandSources();
    case Command::kBlockPort:
    case Command::kUnblockPort: {
      const auto ports = ParsePortSpec(words_.ports);
      if (!ports.ok()) return ports.status();
      arguments_.ports = *ports;
      return absl::OkStatus();
    }
    case Command::kStats:
      return UnderstandStats();
    case Command::kAttach:
      return UnderstandInterfaces("attach");
    case Command::kDetach:
      return UnderstandInterfaces("detach");
    case Command::kSetCreate:
    case Command::kSetDelete:
    case Command::kSetAdd:
    case Command::kSetRemove:
    case Command::kSetFlush:
    case Command::kSetImport:
    case Command::kSetList:
    case Command::kSetCheck:
      return set_options_.Understand();
    case Command::kRecover:
      arguments_.recover_from = words_.recover_from == "kernel"
                                    ? fwagent::v1::RECOVERY_SOURCE_KERNEL
                                    : fwagent::v1::RECOVERY_SOURCE_COPY;
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

std::string CommandLine::CommandMissing(const CLI::ParseError& error) const {
  if (error.get_name() != "RequiredError") return error.what();
  for (const std::string& word : app_.remaining()) {
    if (word.front() != '-') return absl::StrCat("no such command: ", word);
  }
  return "a command is required";
}

UsageError CommandLine::Misunderstood(std::string message) const {
  const bool json = output_->count() > 0 && output_->results()[0] == "json";
  return {UsageFailure(std::move(message)),
          json ? OutputFormat::kJson : OutputFormat::kText};
}

// The arguments last to first, as CLI11 wants them. It takes "--name=" for an
// option whose value comes next; in scripts it is an empty variable.
std::vector<std::string> ReversedWithEmptyValues(
    const std::vector<std::string>& args) {
  std::vector<std::string> result;
  for (const std::string& arg : args) {
    const bool empty_value =
        absl::StartsWith(arg, "--") && arg.find('=') == arg.size() - 1;
    result.push_back(empty_value ? arg.substr(0, arg.size() - 1) : arg);
    if (empty_value) result.emplace_back();
  }
  std::reverse(result.begin(), result.end());
  return result;
}

Invocation CommandLine::Parse(const std::vector<std::string>& args) {
  // Protocol Buffers carry nothing else in a string.
  if (!std::all_of(args.begin(), args.end(),
                   [](const std::string& arg) { return IsUtf8(arg); })) {
    return Misunderstood("an argument is not valid UTF-8");
  }
  try {
    app_.parse(ReversedWithEmptyValues(args));
  } catch (const CLI::CallForHelp&) {
    return Help{app_.help()};
  } catch (const CLI::CallForVersion& version) {
    return Help{absl::StrCat(version.what(), "\n")};
  } catch (const CLI::ParseError& error) {
    const bool no_command = app_.get_subcommands().empty();
    return Misunderstood(no_command ? CommandMissing(error) : error.what());
  }
  const absl::Status understood = Understand();
  if (!understood.ok()) return Misunderstood(std::string(understood.message()));
  return arguments_;
}

}  // namespace

Invocation ParseArguments(const std::vector<std::string>& args) {
  return CommandLine().Parse(args);
}

}  // namespace fwagent::client
