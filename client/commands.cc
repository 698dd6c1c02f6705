#include "client/commands.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/pages.h"
#include "client/version.h"

namespace fwagent::client {

using Stub = Agent::Stub;

namespace {

// Fails unless every one of these interfaces is attached.
template <typename Interfaces>
Outcome CheckAttached(const Interfaces& interfaces) {
  std::string detached;
  for (const auto& interface : interfaces) {
    if (interface.attached()) continue;
    absl::StrAppend(&detached, detached.empty() ? "" : ", ", interface.name());
  }
  if (detached.empty()) return std::nullopt;
  return CheckFailure("NOT_ATTACHED", absl::StrCat("not attached: ", detached));
}

}  // namespace

Outcome CheckOutput(std::ostream& out) {
  if (out.flush().good()) return std::nullopt;
  return OutputFailure(errno);
}

Outcome RunList(const CommandContext& context) {
  const std::string& owner = context.arguments.owner;
  fwagent::v1::ListRulesResponse page;
  std::uint64_t listed = 0;
  const auto render = [&](fwagent::v1::ListRulesResponse one) {
    const auto is_others = [&](const fwagent::v1::Rule& rule) {
      return !owner.empty() && rule.owner() != owner;
    };
    auto* rules = one.mutable_rules();
    rules->erase(std::remove_if(rules->begin(), rules->end(), is_others),
                 rules->end());
    listed += static_cast<std::uint64_t>(rules->size());
    context.renderer.RulePage(one);
  };
  if (Outcome failure =
          ReadPages(context, &Stub::ListRules, fwagent::v1::ListRulesRequest(),
                    page, render)) {
    return failure;
  }
  if (!owner.empty()) page.set_total_size(listed);
  context.renderer.EndOfRules(page);
  return std::nullopt;
}

Outcome RunStatus(const CommandContext& context) {
  fwagent::v1::GetStatusResponse status;
  if (Outcome failure = context.agent.Read(
          &Stub::GetStatus, fwagent::v1::GetStatusRequest(), &status)) {
    return failure;
  }
  context.renderer.Status(status);
  if (!context.arguments.check) return std::nullopt;
  if (status.read_only()) return CheckFailure("READ_ONLY", status.trouble());
  if (Outcome failure = CheckAttached(status.interfaces())) return failure;
  // A filter that guards nothing is no healthy filter.
  if (status.interfaces().empty()) {
    return CheckFailure("NOT_ATTACHED", "the agent guards no interface");
  }
  if (!status.trouble().empty()) {
    return CheckFailure("PINS_IN_TROUBLE", status.trouble());
  }
  for (const fwagent::v1::PolicyFile& file : status.policy_files()) {
    if (file.trouble().empty()) continue;
    return CheckFailure("POLICY_FILE_BROKEN",
                        absl::StrCat(file.path(), ": ", file.trouble()));
  }
  return std::nullopt;
}

Outcome RunAttach(const CommandContext& context) {
  fwagent::v1::AttachRequest request;
  for (const std::string& interface : context.arguments.interfaces) {
    request.add_interfaces(interface);
  }
  request.set_mode(context.arguments.mode);
  request.set_force(context.arguments.force);
  fwagent::v1::AttachResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::Attach, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Attached(response);
  return CheckAttached(response.interfaces());
}

Outcome RunDetach(const CommandContext& context) {
  fwagent::v1::DetachRequest request;
  for (const std::string& interface : context.arguments.interfaces) {
    request.add_interfaces(interface);
  }
  fwagent::v1::DetachResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::Detach, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Detached(response);
  return std::nullopt;
}

Outcome RunRecover(const CommandContext& context) {
  fwagent::v1::RecoverRequest request;
  request.set_from(context.arguments.recover_from);
  fwagent::v1::RecoverResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::Recover, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Recovered(response);
  return std::nullopt;
}

Outcome RunVersion(const CommandContext& context) {
  fwagent::v1::GetStatusResponse status;
  Outcome failure = context.agent.Read(
      &Stub::GetStatus, fwagent::v1::GetStatusRequest(), &status);
  context.renderer.Versions(ClientVersion(),
                            failure.has_value() ? nullptr : &status.version());
  return failure;
}

Outcome RunCommand(const CommandContext& context) {
  switch (context.arguments.command) {
    case Command::kList:
      return RunList(context);
    case Command::kStats:
      return RunStats(context);
    case Command::kStatus:
      return RunStatus(context);
    case Command::kExplain:
      return RunExplain(context);
    case Command::kAttach:
      return RunAttach(context);
    case Command::kDetach:
      return RunDetach(context);
    case Command::kHistory:
      return RunHistory(context);
    case Command::kRollback:
      return RunRollback(context);
    case Command::kConfirm:
      return RunConfirm(context);
    case Command::kRecover:
      return RunRecover(context);
    case Command::kVersion:
      return RunVersion(context);
    case Command::kSetCreate:
    case Command::kSetUpdate:
    case Command::kSetDelete:
    case Command::kSetAdd:
    case Command::kSetRemove:
    case Command::kSetFlush:
    case Command::kSetImport:
    case Command::kSetList:
    case Command::kSetCheck:
      return RunSet(context);
    case Command::kFilterAdd:
    case Command::kFilterRemove:
    case Command::kFilterList:
      return RunFilter(context);
    case Command::kApply:
    case Command::kDiff:
      return RunApply(context);
    case Command::kExport:
      return RunExport(context);
    case Command::kBlockIp:
    case Command::kUnblockIp:
    case Command::kAllowIp:
    case Command::kUnallowIp:
    case Command::kBlockPort:
    case Command::kUnblockPort:
      break;
  }
  return RunChange(context);
}

}  // namespace fwagent::client
