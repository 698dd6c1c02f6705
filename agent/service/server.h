// The agent's gRPC server: limits, health, reflection, and its sockets.
#ifndef FWAGENT_AGENT_SERVICE_SERVER_H_
#define FWAGENT_AGENT_SERVICE_SERVER_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/engine.h"
#include "agent/service/firewall_service.h"
#include "agent/service/listener.h"
#include "agent/service/peers.h"
#include "agent/service/policy_service.h"
#include "agent/service/set_service.h"
#include "agent/service/sockets.h"

namespace fwagent::service {

// Answers RPCs from construction to destruction, which gives running calls
// two seconds to end.
class Server {
 public:
  // `sockets` may be null: then only InProcessChannel leads to the server.
  // `engine` and `keeper` must outlive it.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      core::Engine* engine, core::InterfaceKeeper* keeper, AgentFacts facts,
      std::unique_ptr<Sockets> sockets, Peers::LifelinesOf lifelines_of = {});
  ~Server();

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // A connection without a socket, for tests.
  std::shared_ptr<grpc::Channel> InProcessChannel();

 private:
  Server(core::Engine* engine, core::InterfaceKeeper* keeper, AgentFacts facts,
         Peers::LifelinesOf lifelines_of);
  absl::Status Listen(util::ScopedFd socket, const std::string& name);

  Peers peers_;
  FirewallService service_;
  SetService set_service_;
  PolicyService policy_service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Sockets> sockets_;
  // Last: stops first, so that nothing is handed to a server that is gone.
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_SERVER_H_
