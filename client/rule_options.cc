#include "client/rule_options.h"

#include <CLI/CLI.hpp>

#include "absl/status/statusor.h"
#include "agent/text/duration.h"

namespace fwagent::client {

void AddChangeOptions(CLI::App* app, Arguments& arguments) {
  app->add_option("--request-id", arguments.request_id,
                  "Makes a retry harmless: the same id is applied once");
  app->add_flag("--validate-only", arguments.validate_only,
                "Only say whether the agent would accept it");
  app->add_option("--if-etag", arguments.etag,
                  "Only under the policy with this etag: see status");
  app->add_flag("--force", arguments.force,
                "Do it although it cuts you off, or what this host needs");
  app->add_option_function<std::string>(
         "--confirm-within",
         [&arguments](const std::string& text) {
           const auto within = text::ReadTtl("--confirm-within", text);
           if (!within.ok()) {
             throw CLI::ValidationError(std::string(within.status().message()));
           }
           arguments.confirm_within = *within;
         },
         "Take it back after this unless it is confirmed: see confirm")
      ->type_name("TEXT");
}

RuleOptions::RuleOptions(CLI::App& app, Arguments& arguments)
    : arguments_(arguments) {
  CLI::App* block_ip = Add(app, Command::kBlockIp, "block-ip",
                           "Drop every packet from these addresses");
  CLI::App* unblock_ip = Add(app, Command::kUnblockIp, "unblock-ip",
                             "Lift the block of exactly this prefix");
  CLI::App* allow_ip =
      Add(app, Command::kAllowIp, "allow-ip",
          "Let every packet from these addresses pass, whatever blocks say");
  CLI::App* unallow_ip = Add(app, Command::kUnallowIp, "unallow-ip",
                             "End the allowance of exactly this prefix");
  for (CLI::App* one : {block_ip, unblock_ip, allow_ip, unallow_ip}) {
    AddSources(one);
  }
  CLI::App* block_port = Add(app, Command::kBlockPort, "block-port",
                             "Drop every packet to these ports");
  CLI::App* unblock_port = Add(app, Command::kUnblockPort, "unblock-port",
                               "Lift the block of exactly this range");
  for (CLI::App* one : {block_port, unblock_port}) AddPorts(one);
  for (CLI::App* one : {block_ip, allow_ip, block_port}) AddForNew(one);
  for (CLI::App* one : {unblock_ip, unallow_ip, unblock_port}) {
    AddForLifting(one);
  }
}

CLI::App* RuleOptions::Add(CLI::App& app, Command command, const char* name,
                           const char* description) {
  CLI::App* added = app.add_subcommand(name, description);
  added->fallthrough();
  added->callback([this, command] { arguments_.command = command; });
  return added;
}

void RuleOptions::AddSources(CLI::App* app) {
  prefixes_.push_back(app->add_option(
      "PREFIX", without_empty_,
      "Source addresses: 192.0.2.1, 192.0.2.0/24, 2001:db8::/32; any "
      "for all of both families"));
  app->add_option("-f,--file", arguments_.file,
                  "More of them, one on a line; - for standard input");
}

void RuleOptions::AddPorts(CLI::App* app) {
  app->add_option("PORT[-PORT]/PROTOCOL", ports_,
                  "Destination ports: 443/tcp, 8000-8100/udp, 9899/sctp")
      ->required();
}

void RuleOptions::AddForNew(CLI::App* app) {
  app->add_option("--comment", arguments_.comment, "Text kept with the rule");
  app->add_option("--owner", arguments_.owner,
                  "For whom it is held, as in fail2ban; without it cli");
  CLI::Option* ttl = app->add_option(
      "--ttl", ends_.ttl, "End it after this, as in 90s, 10m, 1h30m, 7d");
  app->add_option("--until", ends_.until,
                  "End it then, as in 2026-12-01T12:00:00Z")
      ->excludes(ttl);
  app->add_flag("--renew", arguments_.renew,
                "If the owner holds it already, give it this end");
  AddChangeOptions(app, arguments_);
  app->add_flag("--exist-ok", arguments_.tolerate_unchanged,
                "Succeed if the owner holds it already");
}

void RuleOptions::AddForLifting(CLI::App* app) {
  CLI::Option* owner = app->add_option("--owner", arguments_.owner,
                                       "Who lets go of it; without it cli");
  app->add_flag("--all-owners", arguments_.all_owners,
                "Whoever holds it lets go")
      ->excludes(owner);
  AddChangeOptions(app, arguments_);
  app->add_flag("--missing-ok", arguments_.tolerate_unchanged,
                "Succeed if it is not held");
}

absl::Status RuleOptions::UnderstandSources() {
  for (const CLI::Option* prefixes : prefixes_) {
    for (const std::string& text : prefixes->results()) {
      if (text == "any") {
        arguments_.prefixes.emplace_back("0.0.0.0/0");
        arguments_.prefixes.emplace_back("::/0");
      } else {
        arguments_.prefixes.push_back(text);
      }
    }
  }
  if (!arguments_.prefixes.empty() || !arguments_.file.empty()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "PREFIX is required, or --file with a list of them");
}

absl::Status RuleOptions::UnderstandPorts() {
  const auto ports = text::ParsePortSpec(ports_);
  if (!ports.ok()) return ports.status();
  arguments_.ports = *ports;
  return absl::OkStatus();
}

absl::Status RuleOptions::Understand() {
  absl::Status end = UnderstandEnd(ends_, arguments_);
  if (!end.ok()) return end;
  return arguments_.command == Command::kBlockPort ||
                 arguments_.command == Command::kUnblockPort
             ? UnderstandPorts()
             : UnderstandSources();
}

}  // namespace fwagent::client
