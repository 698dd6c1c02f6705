// block-ip, allow-ip, block-port and what lifts them.
#include "client/block_fields.h"
#include "client/change_fields.h"
#include "client/commands.h"

namespace fwagent::client {
namespace {

using Stub = Agent::Stub;

// What the requests have in common.
template <typename Request>
void FillCommon(const Arguments& arguments, Request* request) {
  FillChange(arguments, request);
  request->set_owner(arguments.owner);
  if constexpr (requires { request->set_all_owners(true); }) {
    request->set_all_owners(arguments.all_owners);
  } else {
    FillBlock(arguments, request);
  }
}

template <typename Request>
Request SourceRequest(const Arguments& arguments) {
  Request request;
  request.mutable_source()->set_text(arguments.prefixes.front());
  FillCommon(arguments, &request);
  return request;
}

template <typename Request>
Request PortRequest(const Arguments& arguments) {
  Request request;
  request.set_protocol(arguments.ports.protocol);
  *request.mutable_ports() = arguments.ports.ports;
  FillCommon(arguments, &request);
  return request;
}

// The agent's reasons for having nothing to do. Its codes alone say less: the
// kernel, too, can lack something.
constexpr char kExists[] = "RULE_EXISTS";
constexpr char kMissing[] = "RULE_NOT_FOUND";

// Sends a request of any kind.
template <typename Request, typename Response>
Outcome Send(const CommandContext& context,
             Agent::Method<Request, Response> method, const Request& request) {
  const Verb verb = VerbOf(context.arguments.command);
  Response response;
  const grpc::Status status = context.agent.Call(method, request, &response);
  if (!status.ok()) {
    Failure failure = context.agent.ChangeFailure(status);
    if (failure.reason != (verb.adds ? kExists : kMissing) ||
        !context.arguments.tolerate_unchanged) {
      return failure;
    }
    context.renderer.Unchanged(failure.message);
    return std::nullopt;
  }
  ChangeReport report{verb, context.arguments.validate_only, response.rule(),
                      response.generation()};
  if constexpr (requires { response.still_held(); }) {
    report.other_rules.assign(response.other_rules().begin(),
                              response.other_rules().end());
    report.still_held.assign(response.still_held().begin(),
                             response.still_held().end());
  }
  if (response.has_confirm_by()) report.confirm_by = &response.confirm_by();
  context.renderer.Changed(report);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

}  // namespace

Verb VerbOf(Command command) {
  return {
      .adds = command == Command::kBlockIp || command == Command::kAllowIp ||
              command == Command::kBlockPort,
      .allows = command == Command::kAllowIp || command == Command::kUnallowIp};
}

Outcome RunChange(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (!arguments.file.empty() || arguments.prefixes.size() > 1) {
    return RunSources(context);
  }
  switch (arguments.command) {
    case Command::kBlockIp:
      return Send(context, &Stub::BlockIP,
                  SourceRequest<fwagent::v1::BlockIPRequest>(arguments));
    case Command::kUnblockIp:
      return Send(context, &Stub::UnblockIP,
                  SourceRequest<fwagent::v1::UnblockIPRequest>(arguments));
    case Command::kAllowIp:
      return Send(context, &Stub::AllowIP,
                  SourceRequest<fwagent::v1::AllowIPRequest>(arguments));
    case Command::kUnallowIp:
      return Send(context, &Stub::UnallowIP,
                  SourceRequest<fwagent::v1::UnallowIPRequest>(arguments));
    case Command::kBlockPort:
      return Send(context, &Stub::BlockPort,
                  PortRequest<fwagent::v1::BlockPortRequest>(arguments));
    default:
      return Send(context, &Stub::UnblockPort,
                  PortRequest<fwagent::v1::UnblockPortRequest>(arguments));
  }
}

}  // namespace fwagent::client
