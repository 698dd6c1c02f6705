// The agent as the commands see it: calls with a deadline.
#ifndef FWAGENT_CLIENT_AGENT_H_
#define FWAGENT_CLIENT_AGENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/failure.h"
#include "fwagent/v1/firewall_service.grpc.pb.h"

namespace fwagent::client {

// One agent. Every call has a deadline of its own, `timeout` from its start.
class Agent {
 public:
  using Stub = fwagent::v1::FirewallService::StubInterface;
  template <typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&,
                                        Response*);

  // `address` is for messages.
  Agent(std::shared_ptr<grpc::Channel> channel, std::string address,
        absl::Duration timeout)
      : stub_(fwagent::v1::FirewallService::NewStub(std::move(channel))),
        context_{std::move(address), timeout, false} {}

  template <typename Request, typename Response>
  grpc::Status Call(Method<Request, Response> method, const Request& request,
                    Response* response) const {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + context_.timeout));
    return (stub_.get()->*method)(&context, request, response);
  }

  // Call, for a request that changes nothing.
  template <typename Request, typename Response>
  Outcome Read(Method<Request, Response> method, const Request& request,
               Response* response) const {
    const grpc::Status status = Call(method, request, response);
    if (status.ok()) return std::nullopt;
    return CallFailure(context_, status);
  }

  // The failure of a call that was to change something.
  Failure ChangeFailure(const grpc::Status& status) const {
    CallContext context = context_;
    context.changes_something = true;
    return CallFailure(context, status);
  }

  const std::string& address() const { return context_.address; }

 private:
  std::unique_ptr<Stub> stub_;
  CallContext context_;
};

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_AGENT_H_
