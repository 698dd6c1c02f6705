// block-ip, unblock-ip, block-port, unblock-port.
#include "client/block_fields.h"
#include "client/change_fields.h"
#include "client/commands.h"

namespace fwagent::client {
namespace {

using Stub = Agent::Stub;

template <typename Request>
Request SourceRequest(const Arguments& arguments) {
  Request request;
  request.mutable_source()->set_text(arguments.prefixes.front());
  FillChange(arguments, &request);
  return request;
}

template <typename Request>
Request PortRequest(const Arguments& arguments) {
  Request request;
  request.set_protocol(arguments.ports.protocol);
  *request.mutable_ports() = arguments.ports.ports;
  FillChange(arguments, &request);
  return request;
}

// The agent's reasons for having nothing to do. Its codes alone say less: the
// kernel, too, can lack something.
constexpr char kExists[] = "RULE_EXISTS";
constexpr char kMissing[] = "RULE_NOT_FOUND";

// Sends a request of any of the four kinds. `no_change` is the reason that
// says that there was nothing to do.
template <typename Request, typename Response>
Outcome Send(const CommandContext& context,
             Agent::Method<Request, Response> method, const Request& request,
             const std::string& no_change) {
  Response response;
  const grpc::Status status = context.agent.Call(method, request, &response);
  if (!status.ok()) {
    Failure failure = context.agent.ChangeFailure(status);
    if (failure.reason != no_change || !context.arguments.tolerate_unchanged) {
      return failure;
    }
    context.renderer.Unchanged(failure.message);
    return std::nullopt;
  }
  context.renderer.Changed(
      {no_change == kExists, context.arguments.validate_only, response.rule(),
       response.generation(),
       response.has_confirm_by() ? &response.confirm_by() : nullptr});
  SayUnconfirmed(context, response);
  return std::nullopt;
}

}  // namespace

Outcome RunChange(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  if (!arguments.file.empty() || arguments.prefixes.size() > 1) {
    return RunSources(context);
  }
  if (arguments.command == Command::kBlockIp) {
    auto request = SourceRequest<fwagent::v1::BlockIPRequest>(arguments);
    FillBlock(arguments, &request);
    return Send(context, &Stub::BlockIP, request, kExists);
  }
  if (arguments.command == Command::kUnblockIp) {
    return Send(context, &Stub::UnblockIP,
                SourceRequest<fwagent::v1::UnblockIPRequest>(arguments),
                kMissing);
  }
  if (arguments.command == Command::kBlockPort) {
    auto request = PortRequest<fwagent::v1::BlockPortRequest>(arguments);
    FillBlock(arguments, &request);
    return Send(context, &Stub::BlockPort, request, kExists);
  }
  return Send(context, &Stub::UnblockPort,
              PortRequest<fwagent::v1::UnblockPortRequest>(arguments),
              kMissing);
}

}  // namespace fwagent::client
