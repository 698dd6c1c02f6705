#include "agent/service/set_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/service/convert.h"
#include "agent/service/convert_sets.h"
#include "agent/service/convert_time.h"
#include "agent/service/error_details.h"
#include "agent/service/request_fields.h"
#include "agent/service/set_import.h"
#include "agent/util/memory.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {

absl::StatusOr<SetService::Applied> SetService::Apply(
    const grpc::ServerContext& context, absl::StatusOr<core::Change> change) {
  FW_RETURN_IF_ERROR(change.status());
  peers_->SignChange(context.peer(), *change);
  auto answer = engine_->Apply(*change);
  if (!answer.ok()) return NameExpireTime(answer.status(), /*many=*/false);
  core::ChangeResult result = *std::move(answer);
  Applied applied{.generation = result.generation,
                  .confirm_by = result.confirm_by};
  if (!result.sets.empty()) {
    applied.changed = true;
    // Of a set that is made anew: as it is now.
    applied.outcome = std::move(result.sets.back());
  }
  return applied;
}

grpc::Status SetService::CreateSet(grpc::ServerContext* context,
                                   const v1::CreateSetRequest* request,
                                   v1::CreateSetResponse* response) {
  const auto applied = Apply(*context, ToChange(*request));
  if (!applied.ok()) return ToGrpcStatus(applied.status());
  if (applied->changed) {
    *response->mutable_set() = ToProto(applied->outcome.info, 0);
  }
  FillCommon(*applied, *response);
  return grpc::Status::OK;
}

grpc::Status SetService::UpdateSet(grpc::ServerContext* context,
                                   const v1::UpdateSetRequest* request,
                                   v1::UpdateSetResponse* response) {
  const auto applied = Apply(*context, ToChange(*request));
  if (!applied.ok()) return ToGrpcStatus(applied.status());
  if (applied->changed) {
    *response->mutable_set() =
        ToProto(applied->outcome.info, applied->outcome.size);
  }
  FillCommon(*applied, *response);
  return grpc::Status::OK;
}

grpc::Status SetService::DeleteSet(grpc::ServerContext* context,
                                   const v1::DeleteSetRequest* request,
                                   v1::DeleteSetResponse* response) {
  const auto applied = Apply(*context, ToChange(*request));
  if (!applied.ok()) return ToGrpcStatus(applied.status());
  if (applied->changed) {
    *response->mutable_set() =
        ToProto(applied->outcome.info, applied->outcome.removed);
  }
  FillCommon(*applied, *response);
  return grpc::Status::OK;
}

grpc::Status SetService::AddSetEntries(grpc::ServerContext* context,
                                       const v1::AddSetEntriesRequest* request,
                                       v1::AddSetEntriesResponse* response) {
  const auto applied = Apply(*context, ToChange(*request));
  if (!applied.ok()) return ToGrpcStatus(applied.status());
  response->set_added(applied->outcome.added);
  response->set_changed(applied->outcome.changed);
  FillCommon(*applied, *response);
  return grpc::Status::OK;
}

grpc::Status SetService::RemoveSetEntries(
    grpc::ServerContext* context, const v1::RemoveSetEntriesRequest* request,
    v1::RemoveSetEntriesResponse* response) {
  const auto applied = Apply(*context, ToChange(*request));
  if (!applied.ok()) return ToGrpcStatus(applied.status());
  response->set_removed(applied->outcome.removed);
  FillCommon(*applied, *response);
  return grpc::Status::OK;
}

absl::StatusOr<core::Change> SetService::ReadImport(
    grpc::ServerReader<v1::ImportSetRequest>& reader) const {
  std::uint64_t capacity = 0;
  for (const core::TableUsage& table : engine_->GetStatus().tables) {
    capacity += table.capacity;
  }
  SetImport import(capacity);
  v1::ImportSetRequest part;
  while (reader.Read(&part)) FW_RETURN_IF_ERROR(import.Take(part));
  return std::move(import).Finish();
}

grpc::Status SetService::ImportSet(
    grpc::ServerContext* context,
    grpc::ServerReader<v1::ImportSetRequest>* reader,
    v1::ImportSetResponse* response) {
  auto change = ReadImport(*reader);
  const std::string name = change.ok() ? change->sets[0].name : "";
  const auto applied = Apply(*context, std::move(change));
  util::ReturnFreeMemory();
  if (!applied.ok()) return ToGrpcStatus(applied.status());
  if (applied->changed) {
    const policy::SetOutcome& outcome = applied->outcome;
    *response->mutable_set() = ToProto(outcome.info, outcome.size);
    response->set_added(outcome.added);
    response->set_removed(outcome.removed);
    response->set_changed(outcome.changed);
  } else {
    // It was as it should be.
    for (const policy::SetOutcome& set : engine_->Sets()) {
      if (set.info.name != name) continue;
      *response->mutable_set() = ToProto(set.info, set.size);
    }
  }
  FillCommon(*applied, *response);
  return grpc::Status::OK;
}

grpc::Status SetService::ListSets(grpc::ServerContext*,
                                  const v1::ListSetsRequest*,
                                  v1::ListSetsResponse* response) {
  std::optional<std::vector<dataplane::RuleHits>> hits;  // when needed
  for (const policy::SetOutcome& set : engine_->Sets()) {
    v1::Set& wire = *response->add_sets();
    wire = ToProto(set.info, set.size);
    if (set.info.action != policy::SetAction::kShadow) continue;
    if (!hits.has_value()) {
      auto read = engine_->ReadRuleHits();
      if (!read.ok()) return ToGrpcStatus(read.status());
      hits = *std::move(read);
    }
    if (auto found = HitsOf(*hits, set.info.id)) {
      *wire.mutable_would_drop() = *std::move(found);
    }
  }
  return grpc::Status::OK;
}

grpc::Status SetService::ListSetEntries(
    grpc::ServerContext*, const v1::ListSetEntriesRequest* request,
    v1::ListSetEntriesResponse* response) {
  const auto wanted = ToPageRequest(*request);
  if (!wanted.ok()) return ToGrpcStatus(wanted.status());
  const auto page =
      engine_->ListEntries(wanted->set, wanted->after, wanted->limit);
  if (!page.ok()) return ToGrpcStatus(page.status());
  *response = ToProto(*page, engine_->Now());
  return grpc::Status::OK;
}

grpc::Status SetService::FindInSets(grpc::ServerContext*,
                                    const v1::FindInSetsRequest* request,
                                    v1::FindInSetsResponse* response) {
  const auto prefix = ToPrefix(*request);
  if (!prefix.ok()) return ToGrpcStatus(prefix.status());
  const core::Moment now = engine_->Now();
  for (const core::SetHit& found : engine_->FindInSets(*prefix)) {
    auto* hit = response->add_hits();
    *hit->mutable_set() = ToProto(found.set, 0);
    *hit->mutable_entry() = ToProto(found.entry, now);
  }
  return grpc::Status::OK;
}

}  // namespace fwagent::service
