// fwagent.v1.SetService on the engine.
#ifndef FWAGENT_AGENT_SERVICE_SET_SERVICE_H_
#define FWAGENT_AGENT_SERVICE_SET_SERVICE_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/core/engine.h"
#include "agent/service/peers.h"
#include "fwagent/v1/set_service.grpc.pb.h"

namespace fwagent::service {

// As FirewallService. `engine` and `peers` must outlive it.
class SetService final : public v1::SetService::Service {
 public:
  SetService(core::Engine* engine, const Peers* peers)
      : engine_(engine), peers_(peers) {}

  grpc::Status CreateSet(grpc::ServerContext* context,
                         const v1::CreateSetRequest* request,
                         v1::CreateSetResponse* response) override;
  grpc::Status UpdateSet(grpc::ServerContext* context,
                         const v1::UpdateSetRequest* request,
                         v1::UpdateSetResponse* response) override;
  grpc::Status DeleteSet(grpc::ServerContext* context,
                         const v1::DeleteSetRequest* request,
                         v1::DeleteSetResponse* response) override;
  grpc::Status AddSetEntries(grpc::ServerContext* context,
                             const v1::AddSetEntriesRequest* request,
                             v1::AddSetEntriesResponse* response) override;
  grpc::Status RemoveSetEntries(
      grpc::ServerContext* context, const v1::RemoveSetEntriesRequest* request,
      v1::RemoveSetEntriesResponse* response) override;
  grpc::Status ImportSet(grpc::ServerContext* context,
                         grpc::ServerReader<v1::ImportSetRequest>* reader,
                         v1::ImportSetResponse* response) override;
  grpc::Status ListSets(grpc::ServerContext* context,
                        const v1::ListSetsRequest* request,
                        v1::ListSetsResponse* response) override;
  grpc::Status ListSetEntries(grpc::ServerContext* context,
                              const v1::ListSetEntriesRequest* request,
                              v1::ListSetEntriesResponse* response) override;
  grpc::Status FindInSets(grpc::ServerContext* context,
                          const v1::FindInSetsRequest* request,
                          v1::FindInSetsResponse* response) override;

 private:
  // What became of the one set of a change; with the set's name alone where
  // nothing was to be done.
  struct Applied {
    bool changed = false;
    policy::SetOutcome outcome;
    std::uint64_t generation = 0;
    std::optional<absl::Time> confirm_by;
  };
  absl::StatusOr<Applied> Apply(const grpc::ServerContext& context,
                                absl::StatusOr<core::Change> change);
  absl::StatusOr<core::Change> ReadImport(
      grpc::ServerReader<v1::ImportSetRequest>& reader) const;

  core::Engine* const engine_;
  const Peers* const peers_;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_SET_SERVICE_H_
