#include "agent/service/policy_service.h"

#include <string>
#include <utility>

#include "agent/core/desired_plan.h"
#include "agent/service/convert.h"
#include "agent/service/convert_sets.h"
#include "agent/service/error_details.h"
#include "agent/service/policy_warnings.h"
#include "agent/service/request_fields.h"
#include "agent/util/memory.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

v1::RuleChange ChangeToProto(const core::RuleChange& change) {
  v1::RuleChange wire;
  if (change.before) *wire.mutable_before() = ToProto(*change.before);
  if (change.after) *wire.mutable_after() = ToProto(*change.after);
  return wire;
}

v1::SetChange ChangeToProto(const core::SetChange& change) {
  v1::SetChange wire;
  if (change.before) *wire.mutable_before() = ToProto(*change.before, 0);
  if (change.after) {
    *wire.mutable_after() = ToProto(*change.after, change.size);
  }
  wire.set_added(change.added);
  wire.set_removed(change.removed);
  wire.set_changed(change.changed);
  return wire;
}

v1::ApplyPolicyResponse AnswerOf(const core::ChangeResult& result,
                                 std::size_t max_changes) {
  v1::ApplyPolicyResponse wire;
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  for (const core::RuleChange& change : result.rule_changes) {
    if (!change.before) ++added;
    if (!change.after) ++removed;
    if (static_cast<std::size_t>(wire.rules_size()) < max_changes) {
      *wire.add_rules() = ChangeToProto(change);
    }
  }
  wire.set_rules_added(added);
  wire.set_rules_removed(removed);
  wire.set_rules_changed(result.rule_changes.size() - added - removed);
  for (const core::SetChange& change : result.set_changes) {
    *wire.add_sets() = ChangeToProto(change);
  }
  FillCommon(result, wire);
  return wire;
}

}  // namespace

PolicyImport ImportFor(const core::Engine& engine) {
  std::uint64_t capacity = 0;
  for (const core::TableUsage& table : engine.GetStatus().tables) {
    capacity += table.capacity;
  }
  return PolicyImport(capacity);
}

absl::StatusOr<v1::ApplyPolicyResponse> ApplyPolicy(core::Engine& engine,
                                                    const core::Change& change,
                                                    std::size_t max_changes) {
  const auto result = engine.Apply(change);
  if (!result.ok()) {
    const std::string field = core::FieldOfDesired(result.status());
    return field.empty() ? result.status() : AboutField(result.status(), field);
  }
  v1::ApplyPolicyResponse response = AnswerOf(*result, max_changes);
  for (v1::PolicyWarning& warning : FindWarnings(change.desired)) {
    *response.add_warnings() = std::move(warning);
  }
  response.set_etag(engine.GetStatus().etag);
  return response;
}

grpc::Status PolicyService::ApplyPolicy(
    grpc::ServerContext* context,
    grpc::ServerReader<v1::ApplyPolicyRequest>* reader,
    v1::ApplyPolicyResponse* response) {
  PolicyImport import = ImportFor(*engine_);
  v1::ApplyPolicyRequest part;
  while (reader->Read(&part)) {
    const absl::Status taken = import.Take(part);
    if (!taken.ok()) return ToGrpcStatus(taken);
  }
  const std::size_t max_changes = import.max_changes();
  auto change = std::move(import).Finish();
  if (!change.ok()) return ToGrpcStatus(change.status());
  peers_->SignChange(context->peer(), *change);
  auto applied = service::ApplyPolicy(*engine_, *change, max_changes);
  change = core::Change();
  util::ReturnFreeMemory();
  if (!applied.ok()) return ToGrpcStatus(applied.status());
  *response = *std::move(applied);
  return grpc::Status::OK;
}

}  // namespace fwagent::service
