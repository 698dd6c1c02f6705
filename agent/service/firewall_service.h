// fwagent.v1.FirewallService on the engine.
#ifndef FWAGENT_AGENT_SERVICE_FIREWALL_SERVICE_H_
#define FWAGENT_AGENT_SERVICE_FIREWALL_SERVICE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/core/engine.h"
#include "agent/core/interface_keeper.h"
#include "agent/service/peers.h"
#include "agent/service/policy_files.h"
#include "fwagent/v1/firewall_service.grpc.pb.h"

namespace fwagent::service {

// What the agent was started as and with.
struct AgentFacts {
  std::string version;
  std::vector<std::string> failsafe = {};  // as policy::FailsafeToString
  // Null: none is looked at.
  const PolicyFiles* policy_files = nullptr;
};

// A thin adapter: decodes, asks the engine, encodes. Calls may block on the
// disk, so it is a synchronous service with gRPC's threads. `engine`, `keeper`
// and `peers` must outlive it.
class FirewallService final : public v1::FirewallService::Service {
 public:
  FirewallService(core::Engine* engine, core::InterfaceKeeper* keeper,
                  const Peers* peers, AgentFacts facts);

  grpc::Status BlockIP(grpc::ServerContext* context,
                       const v1::BlockIPRequest* request,
                       v1::BlockIPResponse* response) override;
  grpc::Status UnblockIP(grpc::ServerContext* context,
                         const v1::UnblockIPRequest* request,
                         v1::UnblockIPResponse* response) override;
  grpc::Status AllowIP(grpc::ServerContext* context,
                       const v1::AllowIPRequest* request,
                       v1::AllowIPResponse* response) override;
  grpc::Status UnallowIP(grpc::ServerContext* context,
                         const v1::UnallowIPRequest* request,
                         v1::UnallowIPResponse* response) override;
  grpc::Status BlockPort(grpc::ServerContext* context,
                         const v1::BlockPortRequest* request,
                         v1::BlockPortResponse* response) override;
  grpc::Status UnblockPort(grpc::ServerContext* context,
                           const v1::UnblockPortRequest* request,
                           v1::UnblockPortResponse* response) override;
  grpc::Status ChangeSources(grpc::ServerContext* context,
                             const v1::ChangeSourcesRequest* request,
                             v1::ChangeSourcesResponse* response) override;
  grpc::Status ChangeRules(grpc::ServerContext* context,
                           const v1::ChangeRulesRequest* request,
                           v1::ChangeRulesResponse* response) override;
  grpc::Status ListRules(grpc::ServerContext* context,
                         const v1::ListRulesRequest* request,
                         v1::ListRulesResponse* response) override;
  grpc::Status ListHistory(grpc::ServerContext* context,
                           const v1::ListHistoryRequest* request,
                           v1::ListHistoryResponse* response) override;
  grpc::Status Rollback(grpc::ServerContext* context,
                        const v1::RollbackRequest* request,
                        v1::RollbackResponse* response) override;
  grpc::Status Confirm(grpc::ServerContext* context,
                       const v1::ConfirmRequest* request,
                       v1::ConfirmResponse* response) override;
  grpc::Status GetStats(grpc::ServerContext* context,
                        const v1::GetStatsRequest* request,
                        v1::GetStatsResponse* response) override;
  grpc::Status Explain(grpc::ServerContext* context,
                       const v1::ExplainRequest* request,
                       v1::ExplainResponse* response) override;
  grpc::Status GetStatus(grpc::ServerContext* context,
                         const v1::GetStatusRequest* request,
                         v1::GetStatusResponse* response) override;
  grpc::Status Attach(grpc::ServerContext* context,
                      const v1::AttachRequest* request,
                      v1::AttachResponse* response) override;
  grpc::Status Detach(grpc::ServerContext* context,
                      const v1::DetachRequest* request,
                      v1::DetachResponse* response) override;
  grpc::Status Recover(grpc::ServerContext* context,
                       const v1::RecoverRequest* request,
                       v1::RecoverResponse* response) override;

 private:
  std::optional<policy::Rule> FindRule(policy::RuleId id) const;
  absl::StatusOr<core::ChangeResult> ApplyNamed(
      const grpc::ServerContext& context, absl::StatusOr<core::Change> change,
      bool many);
  // The same for all changes.
  template <typename Request>
  absl::StatusOr<core::ChangeResult> ApplyChange(
      const grpc::ServerContext& context, const Request& request);
  // The same for changes of one rule.
  template <typename Request, typename Response>
  grpc::Status Apply(const grpc::ServerContext& context, const Request& request,
                     Response& response);

  core::Engine* const engine_;
  core::InterfaceKeeper* const keeper_;
  const Peers* const peers_;
  const AgentFacts facts_;
  const std::uint64_t started_seconds_;  // monotonic
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_FIREWALL_SERVICE_H_
