#include "agent/service/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

// What one peer may cost us, as far as gRPC 1.51 can bound it. A client that
// may use the socket can still take gigabytes by resetting streams, or hold
// every thread by not reading answers; the filter does not need us meanwhile.
constexpr int kMaxMessageBytes = 4 << 20;
constexpr int kMaxStreamsPerConnection = 100;
constexpr int kMaxMetadataBytes = 16 << 10;
constexpr int kIdleMilliseconds = 5 * 60 * 1000;
constexpr std::size_t kMemoryQuotaBytes = 128 << 20;
constexpr int kMaxThreads = 64;
constexpr std::chrono::seconds kShutdownGrace(2);

// Threads that wait for calls: with gRPC's own 1 and 2 it starts and ends a
// thread for every few calls as soon as callers come at once.
constexpr int kMinPollers = 2;
constexpr int kMaxPollers = 4;

void SetLimits(grpc::ServerBuilder& builder) {
  using Option = grpc::ServerBuilder::SyncServerOption;
  builder.SetSyncServerOption(Option::MIN_POLLERS, kMinPollers);
  builder.SetSyncServerOption(Option::MAX_POLLERS, kMaxPollers);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                             kIdleMilliseconds);
  grpc::ResourceQuota quota("fwagent");
  quota.Resize(kMemoryQuotaBytes).SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
}

}  // namespace

Server::Server(core::Engine* engine, core::InterfaceKeeper* keeper,
               AgentFacts facts, Peers::LifelinesOf lifelines_of)
    : peers_(std::move(lifelines_of)),
      service_(engine, keeper, &peers_, std::move(facts)),
      set_service_(engine, &peers_),
      policy_service_(engine, &peers_) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    core::Engine* engine, core::InterfaceKeeper* keeper, AgentFacts facts,
    std::unique_ptr<Sockets> sockets, Peers::LifelinesOf lifelines_of) {
  auto server = std::unique_ptr<Server>(
      new Server(engine, keeper, std::move(facts), std::move(lifelines_of)));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(builder);
  builder.RegisterService(&server->service_);
  builder.RegisterService(&server->set_service_);
  builder.RegisterService(&server->policy_service_);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) {
    return absl::InternalError("the gRPC server does not start");
  }
  if (auto* health = server->server_->GetHealthCheckService()) {
    for (const char* name : {v1::FirewallService::service_full_name(),
                             v1::SetService::service_full_name(),
                             v1::PolicyService::service_full_name()}) {
      health->SetServingStatus(name, true);
    }
  }

  if (sockets == nullptr) return server;
  FW_RETURN_IF_ERROR(server->Listen(sockets->unix_socket->TakeFd(),
                                    "unix:" + sockets->unix_socket->path()));
  if (sockets->tcp.fd.valid()) {
    FW_RETURN_IF_ERROR(
        server->Listen(std::move(sockets->tcp.fd), sockets->tcp.address));
  }
  server->sockets_ = std::move(sockets);
  return server;
}

absl::Status Server::Listen(util::ScopedFd socket, const std::string& name) {
  auto accept = [this](util::ScopedFd connection) {
    peers_.Record(connection.get());
    grpc::AddInsecureChannelFromFd(server_.get(), connection.release());
  };
  FW_ASSIGN_OR_RETURN(auto listener, Listener::Start(std::move(socket), name,
                                                     std::move(accept)));
  listeners_.push_back(std::move(listener));
  spdlog::info("listening on {}", name);
  return absl::OkStatus();
}

Server::~Server() {
  listeners_.clear();
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
  server_->Wait();
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

}  // namespace fwagent::service
