// fwagent.v1.PolicyService on the engine.
#ifndef FWAGENT_AGENT_SERVICE_POLICY_SERVICE_H_
#define FWAGENT_AGENT_SERVICE_POLICY_SERVICE_H_

#include "absl/status/statusor.h"
#include "agent/core/engine.h"
#include "agent/service/peers.h"
#include "agent/service/policy_import.h"
#include "fwagent/v1/policy_service.grpc.pb.h"

namespace fwagent::service {

// A request that takes no more than the tables of this engine.
PolicyImport ImportFor(const core::Engine& engine);
// Applies what was imported. `max_changes` bounds the rules in the answer.
absl::StatusOr<v1::ApplyPolicyResponse> ApplyPolicy(core::Engine& engine,
                                                    const core::Change& change,
                                                    std::size_t max_changes);

// As FirewallService. `engine` and `peers` must outlive it.
class PolicyService final : public v1::PolicyService::Service {
 public:
  PolicyService(core::Engine* engine, const Peers* peers)
      : engine_(engine), peers_(peers) {}

  grpc::Status ApplyPolicy(grpc::ServerContext* context,
                           grpc::ServerReader<v1::ApplyPolicyRequest>* reader,
                           v1::ApplyPolicyResponse* response) override;

 private:
  core::Engine* const engine_;
  const Peers* const peers_;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_POLICY_SERVICE_H_
