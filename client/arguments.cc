#include "client/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/text/duration.h"
#include "agent/text/printable.h"
#include "client/explain_options.h"
#include "client/filter_options.h"
#include "client/policy_options.h"
#include "client/rule_options.h"
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
  std::string output = "text";
  std::string address = kDefaultAddress;
  std::string timeout = "5s";
  std::string watch;
  std::string mode;
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
    AddReadCommands();
    AddPolicyCommands(app_, arguments_);
    AddInterfaceCommands();
    AddRecover();
  }

  Invocation Parse(const std::vector<std::string>& args);

 private:
  CLI::App* AddCommand(Command command, const std::string& name,
                       const std::string& description);
  void AddGlobals();
  void AddReadCommands();
  void AddInterfaceCommands();
  void AddRecover();

  // Words to values: absl::Status with what cannot be understood.
  absl::Status Understand();
  absl::Status UnderstandStats();
  absl::Status UnderstandInterfaces(const char* command);
  // What to say of an error when no command was recognised.
  std::string CommandMissing(const CLI::ParseError& error) const;
  UsageError Misunderstood(std::string message) const;

  CLI::App app_{"Controls fwagent, the packet filter of this or another host.",
                "fwctl"};
  CLI::Option* output_ = nullptr;
  CLI::Option* watch_ = nullptr;
  CLI::Option* mode_ = nullptr;
  Words words_;
  Arguments arguments_;
  RuleOptions rule_options_{app_, arguments_};
  SetOptions set_options_{app_, arguments_};
  FilterOptions filter_options_{app_, arguments_};
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

void CommandLine::AddReadCommands() {
  AddCommand(Command::kList, "list", "List every rule")
      ->add_option("--owner", arguments_.owner, "Only those of this owner");
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
  AddExplain(app_, arguments_);
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
  AddChangeOptions(rollback, arguments_);
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
  attach->add_flag("--force", arguments_.force,
                   "Do it although it cuts you off, or what this host needs");
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

absl::Status CommandLine::UnderstandStats() {
  if (watch_->count() == 0) return absl::OkStatus();
  const auto interval =
      text::ReadDuration("--watch", words_.watch.empty() ? "1" : words_.watch);
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
  const auto timeout = text::ReadDuration("--timeout", words_.timeout);
  if (!timeout.ok()) return timeout.status();
  arguments_.timeout = *timeout;
  switch (arguments_.command) {
    case Command::kBlockIp:
    case Command::kUnblockIp:
    case Command::kAllowIp:
    case Command::kUnallowIp:
    case Command::kBlockPort:
    case Command::kUnblockPort:
      return rule_options_.Understand();
    case Command::kStats:
      return UnderstandStats();
    case Command::kExplain:
      return CheckExplain(arguments_);
    case Command::kAttach:
      return UnderstandInterfaces("attach");
    case Command::kDetach:
      return UnderstandInterfaces("detach");
    case Command::kSetCreate:
    case Command::kSetUpdate:
    case Command::kSetDelete:
    case Command::kSetAdd:
    case Command::kSetRemove:
    case Command::kSetFlush:
    case Command::kSetImport:
    case Command::kSetList:
    case Command::kSetCheck:
      return set_options_.Understand();
    case Command::kFilterAdd:
    case Command::kFilterRemove:
    case Command::kFilterList:
      return filter_options_.Understand();
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
                   [](const std::string& arg) { return text::IsUtf8(arg); })) {
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
