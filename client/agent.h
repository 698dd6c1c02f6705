// The agent as the commands see it: calls with a deadline.
#ifndef FWAGENT_CLIENT_AGENT_H_
#define FWAGENT_CLIENT_AGENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/failure.h"
#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "fwagent/v1/policy_service.grpc.pb.h"
#include "fwagent/v1/set_service.grpc.pb.h"

namespace fwagent::client {

// One agent. Every call has a deadline of its own, `timeout` from its start.
class Agent {
 public:
  using Stub = fwagent::v1::FirewallService::StubInterface;
  using SetStub = fwagent::v1::SetService::StubInterface;
  template <typename OneStub, typename Request, typename Response>
  using MethodOf = grpc::Status (OneStub::*)(grpc::ClientContext*,
                                             const Request&, Response*);
  template <typename Request, typename Response>
  using Method = MethodOf<Stub, Request, Response>;

  // `address` is for messages.
  Agent(const std::shared_ptr<grpc::Channel>& channel, std::string address,
        absl::Duration timeout)
      : stub_(fwagent::v1::FirewallService::NewStub(channel)),
        set_stub_(fwagent::v1::SetService::NewStub(channel)),
        policy_stub_(fwagent::v1::PolicyService::NewStub(channel)),
        context_{std::move(address), timeout, false} {}

  template <typename OneStub, typename Request, typename Response>
  grpc::Status Call(MethodOf<OneStub, Request, Response> method,
                    const Request& request, Response* response) const {
    grpc::ClientContext context;
    SetDeadline(context);
    return (StubOf<OneStub>()->*method)(&context, request, response);
  }

  std::unique_ptr<grpc::ClientWriterInterface<fwagent::v1::ImportSetRequest>>
  StartImport(grpc::ClientContext* context,
              fwagent::v1::ImportSetResponse* response) const {
    SetDeadline(*context);
    return set_stub_->ImportSet(context, response);
  }

  std::unique_ptr<grpc::ClientWriterInterface<fwagent::v1::ApplyPolicyRequest>>
  StartApply(grpc::ClientContext* context,
             fwagent::v1::ApplyPolicyResponse* response) const {
    SetDeadline(*context);
    return policy_stub_->ApplyPolicy(context, response);
  }

  // Call, for a request that changes nothing.
  template <typename OneStub, typename Request, typename Response>
  Outcome Read(MethodOf<OneStub, Request, Response> method,
               const Request& request, Response* response) const {
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
  void SetDeadline(grpc::ClientContext& context) const {
    context.set_deadline(absl::ToChronoTime(absl::Now() + context_.timeout));
  }
  template <typename OneStub>
  OneStub* StubOf() const {
    if constexpr (std::is_same_v<OneStub, Stub>) {
      return stub_.get();
    } else {
      return set_stub_.get();
    }
  }

  std::unique_ptr<Stub> stub_;
  std::unique_ptr<SetStub> set_stub_;
  std::unique_ptr<fwagent::v1::PolicyService::StubInterface> policy_stub_;
  CallContext context_;
};

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_AGENT_H_
