#include "tests/torture/agent_client.h"

#include <grpcpp/create_channel.h>

#include <algorithm>
#include <chrono>
#include <variant>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {
namespace {

using Stub = v1::FirewallService::Stub;

constexpr auto kPatience = std::chrono::seconds(20);
constexpr int kPage = 10'000;
constexpr std::uint32_t kEditsAtOnce = 50'000;

template <typename Request, typename Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&,
                                      Response*);

template <typename Request, typename Response>
absl::StatusOr<Response> Call(Stub& stub, Method<Request, Response> method,
                              const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (status.ok()) return response;
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

// Of a request for one rule, and its answer.
template <typename Request, typename Response>
absl::StatusOr<Answer> CallForOne(Stub& stub, Method<Request, Response> method,
                                  Request request, const Operation& operation) {
  request.set_request_id(operation.request_id);
  auto response = Call(stub, method, request);
  if (!response.ok()) return response.status();
  return Answer{{response->rule().SerializeAsString()}, response->generation()};
}

void Put(const policy::Prefix& prefix, v1::Prefix& wire) {
  wire.set_text(prefix.ToString());
}

template <typename Request>
Request PortRequest(const policy::PortRange& ports) {
  Request request;
  request.set_protocol(v1::PROTOCOL_TCP);
  request.mutable_ports()->set_first(ports.first());
  request.mutable_ports()->set_last(ports.last());
  return request;
}

template <typename Request>
Request SourceRequest(const policy::Prefix& prefix) {
  Request request;
  Put(prefix, *request.mutable_source());
  return request;
}

absl::StatusOr<Answer> SendOne(Stub& stub, const Operation& operation) {
  const Toggle& toggle = operation.toggles.front();
  if (const auto* prefix = std::get_if<policy::Prefix>(&toggle.target->match)) {
    return toggle.block
               ? CallForOne(stub, &Stub::BlockIP,
                            SourceRequest<v1::BlockIPRequest>(*prefix),
                            operation)
               : CallForOne(stub, &Stub::UnblockIP,
                            SourceRequest<v1::UnblockIPRequest>(*prefix),
                            operation);
  }
  const auto& ports = std::get<policy::PortRange>(toggle.target->match);
  return toggle.block
             ? CallForOne(stub, &Stub::BlockPort,
                          PortRequest<v1::BlockPortRequest>(ports), operation)
             : CallForOne(stub, &Stub::UnblockPort,
                          PortRequest<v1::UnblockPortRequest>(ports),
                          operation);
}

absl::StatusOr<Answer> SendMany(Stub& stub, const Operation& operation) {
  v1::ChangeSourcesRequest request;
  request.set_request_id(operation.request_id);
  for (const Toggle& toggle : operation.toggles) {
    v1::SourceEdit& edit = *request.add_edits();
    Put(std::get<policy::Prefix>(toggle.target->match),
        toggle.block ? *edit.mutable_block() : *edit.mutable_unblock());
  }
  auto response = Call(stub, &Stub::ChangeSources, request);
  if (!response.ok()) return response.status();
  Answer answer{{}, response->generation()};
  for (const v1::Rule& rule : response->rules()) {
    answer.rules.push_back(rule.SerializeAsString());
  }
  return answer;
}

// As policy::MatchToString; the callers block ports of TCP only.
std::string NameOf(const v1::Rule& rule) {
  if (rule.has_source_block()) {
    return policy::MatchToString(
        *policy::Prefix::Parse(rule.source_block().source().text()));
  }
  const v1::PortRange& ports = rule.port_block().ports();
  return policy::MatchToString(*policy::PortRange::Create(
      policy::Protocol::kTcp, ports.first(), ports.last()));
}

}  // namespace

AgentClient::AgentClient(const std::string& address) {
  grpc::ChannelArguments own;
  own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  own.SetMaxReceiveMessageSize(-1);
  channel_ = grpc::CreateCustomChannel(address,
                                       grpc::InsecureChannelCredentials(), own);
  stub_ = v1::FirewallService::NewStub(channel_);
}

bool AgentClient::WaitUntilConnected() {
  return channel_->WaitForConnected(std::chrono::system_clock::now() +
                                    kPatience);
}

absl::StatusOr<Answer> AgentClient::Send(const Operation& operation) {
  return operation.toggles.size() == 1 ? SendOne(*stub_, operation)
                                       : SendMany(*stub_, operation);
}

absl::StatusOr<Listing> AgentClient::List() {
  Listing listing;
  v1::ListRulesRequest request;
  request.set_page_size(kPage);
  do {
    auto page = Call(*stub_, &Stub::ListRules, request);
    if (!page.ok()) return page.status();
    for (const v1::Rule& rule : page->rules()) {
      listing.rules[NameOf(rule)] = rule.SerializeAsString();
    }
    listing.generation = page->generation();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return listing;
}

absl::Status AgentClient::BlockHosts(std::uint32_t count) {
  for (std::uint32_t done = 0; done < count; done += kEditsAtOnce) {
    v1::ChangeSourcesRequest request;
    request.set_omit_rules(true);
    for (std::uint32_t i = done; i < std::min(count, done + kEditsAtOnce);
         ++i) {
      request.add_edits()->mutable_block()->set_text(
          absl::StrCat("20.", i >> 16, ".", i >> 8 & 255, ".", i & 255));
    }
    const auto response = Call(*stub_, &Stub::ChangeSources, request);
    if (!response.ok()) return response.status();
  }
  return absl::OkStatus();
}

}  // namespace fwagent::testing
