#include "agent/service/firewall_service.h"

#include <cstdint>
#include <ctime>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/service/convert.h"
#include "agent/service/convert_explain.h"
#include "agent/service/convert_time.h"
#include "agent/service/error_details.h"
#include "agent/service/request_fields.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

std::uint64_t MonotonicSeconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec);
}

}  // namespace

FirewallService::FirewallService(core::Engine* engine,
                                 core::InterfaceKeeper* keeper,
                                 const Peers* peers, AgentFacts facts)
    : engine_(engine),
      keeper_(keeper),
      peers_(peers),
      facts_(std::move(facts)),
      started_seconds_(MonotonicSeconds()) {}

template <typename Request>
absl::StatusOr<core::ChangeResult> FirewallService::ApplyChange(
    const grpc::ServerContext& context, const Request& request) {
  constexpr bool kMany = std::is_same_v<Request, v1::ChangeSourcesRequest>;
  return ApplyNamed(context, ToChange(request), kMany);
}

absl::StatusOr<core::ChangeResult> FirewallService::ApplyNamed(
    const grpc::ServerContext& context, absl::StatusOr<core::Change> change,
    bool many) {
  FW_RETURN_IF_ERROR(change.status());
  peers_->SignChange(context.peer(), *change);
  auto result = engine_->Apply(*change);
  if (result.ok()) return result;
  return NameExpireTime(result.status(), many);
}

std::optional<policy::Rule> FirewallService::FindRule(policy::RuleId id) const {
  if (id == 0) return std::nullopt;
  const core::RulePage page = engine_->List(id - 1, 1);
  if (page.rules.empty() || page.rules.front().id != id) return std::nullopt;
  return page.rules.front();
}

template <typename Request, typename Response>
grpc::Status FirewallService::Apply(const grpc::ServerContext& context,
                                    const Request& request,
                                    Response& response) {
  const auto result = ApplyChange(context, request);
  if (!result.ok()) return ToGrpcStatus(result.status());
  *response.mutable_rule() = ToProto(result->rules.front());
  FillCommon(*result, response);
  if constexpr (requires { response.add_still_held(); }) {
    for (std::size_t i = 1; i < result->rules.size(); ++i) {
      *response.add_other_rules() = ToProto(result->rules[i]);
    }
    for (const policy::Rule& rule : engine_->OthersLike(result->rules)) {
      *response.add_still_held() = ToProto(rule);
    }
  }
  return grpc::Status::OK;
}

grpc::Status FirewallService::BlockIP(grpc::ServerContext* context,
                                      const v1::BlockIPRequest* request,
                                      v1::BlockIPResponse* response) {
  return Apply(*context, *request, *response);
}

grpc::Status FirewallService::UnblockIP(grpc::ServerContext* context,
                                        const v1::UnblockIPRequest* request,
                                        v1::UnblockIPResponse* response) {
  return Apply(*context, *request, *response);
}

grpc::Status FirewallService::AllowIP(grpc::ServerContext* context,
                                      const v1::AllowIPRequest* request,
                                      v1::AllowIPResponse* response) {
  return Apply(*context, *request, *response);
}

grpc::Status FirewallService::UnallowIP(grpc::ServerContext* context,
                                        const v1::UnallowIPRequest* request,
                                        v1::UnallowIPResponse* response) {
  return Apply(*context, *request, *response);
}

grpc::Status FirewallService::BlockPort(grpc::ServerContext* context,
                                        const v1::BlockPortRequest* request,
                                        v1::BlockPortResponse* response) {
  return Apply(*context, *request, *response);
}

grpc::Status FirewallService::UnblockPort(grpc::ServerContext* context,
                                          const v1::UnblockPortRequest* request,
                                          v1::UnblockPortResponse* response) {
  return Apply(*context, *request, *response);
}

grpc::Status FirewallService::ChangeSources(
    grpc::ServerContext* context, const v1::ChangeSourcesRequest* request,
    v1::ChangeSourcesResponse* response) {
  const auto result = ApplyChange(*context, *request);
  if (!result.ok()) return ToGrpcStatus(result.status());
  if (!request->omit_rules()) {
    for (const policy::Rule& rule : result->rules) {
      *response->add_rules() = ToProto(rule);
    }
  }
  response->set_changed_count(result->rules.size());
  FillCommon(*result, *response);
  return grpc::Status::OK;
}

grpc::Status FirewallService::ChangeRules(grpc::ServerContext* context,
                                          const v1::ChangeRulesRequest* request,
                                          v1::ChangeRulesResponse* response) {
  const auto find = [this](policy::RuleId id) { return FindRule(id); };
  const auto result = ApplyNamed(*context, ToChange(*request, find), true);
  if (!result.ok()) return ToGrpcStatus(result.status());
  for (const policy::Rule& rule : result->rules) {
    *response->add_rules() = ToProto(rule);
  }
  FillCommon(*result, *response);
  return grpc::Status::OK;
}

grpc::Status FirewallService::ListRules(grpc::ServerContext*,
                                        const v1::ListRulesRequest* request,
                                        v1::ListRulesResponse* response) {
  const absl::StatusOr<PageRequest> page = ToPageRequest(*request);
  if (!page.ok()) return ToGrpcStatus(page.status());
  *response = ToProto(engine_->List(page->after, page->limit));
  const auto hits = engine_->ReadRuleHits();
  if (!hits.ok()) return ToGrpcStatus(hits.status());
  AddHits(*hits, *response);
  return grpc::Status::OK;
}

grpc::Status FirewallService::ListHistory(grpc::ServerContext*,
                                          const v1::ListHistoryRequest* request,
                                          v1::ListHistoryResponse* response) {
  const auto page = ToPageRequest(*request);
  if (!page.ok()) return ToGrpcStatus(page.status());
  const auto entries = engine_->History(page->before, page->limit);
  if (!entries.ok()) return ToGrpcStatus(entries.status());
  for (const core::HistoryEntry& entry : *entries) {
    *response->add_generations() = ToProto(entry);
  }
  if (entries->size() == page->limit) {
    response->set_next_page_token(absl::StrCat(entries->back().generation));
  }
  return grpc::Status::OK;
}

grpc::Status FirewallService::Rollback(grpc::ServerContext* context,
                                       const v1::RollbackRequest* request,
                                       v1::RollbackResponse* response) {
  const auto result = ApplyChange(*context, *request);
  if (!result.ok()) return ToGrpcStatus(result.status());
  response->set_changed_rules(result->rules.size());
  response->set_changed_sets(result->sets.size());
  FillCommon(*result, *response);
  return grpc::Status::OK;
}

grpc::Status FirewallService::Confirm(grpc::ServerContext* context,
                                      const v1::ConfirmRequest* request,
                                      v1::ConfirmResponse* response) {
  std::optional<std::uint64_t> generation;
  if (request->generation() != 0) generation = request->generation();
  const auto confirmed =
      engine_->Confirm(generation, peers_->Describe(context->peer()));
  if (!confirmed.ok()) return ToGrpcStatus(confirmed.status());
  response->set_generation(*confirmed);
  return grpc::Status::OK;
}

grpc::Status FirewallService::GetStats(grpc::ServerContext*,
                                       const v1::GetStatsRequest*,
                                       v1::GetStatsResponse* response) {
  const auto counters = engine_->ReadCounters();
  if (!counters.ok()) return ToGrpcStatus(counters.status());
  for (const policy::InterfaceCounters& interface : *counters) {
    *response->add_interfaces() = ToProto(interface);
  }
  return grpc::Status::OK;
}

grpc::Status FirewallService::Explain(grpc::ServerContext*,
                                      const v1::ExplainRequest* request,
                                      v1::ExplainResponse* response) {
  const absl::Status valid = Check(*request);
  if (!valid.ok()) return ToGrpcStatus(valid);
  const auto explanation =
      engine_->Explain(request->interface(), request->frame());
  if (!explanation.ok()) return ToGrpcStatus(explanation.status());
  *response = ToProto(*explanation, engine_->Now());
  return grpc::Status::OK;
}

grpc::Status FirewallService::GetStatus(grpc::ServerContext*,
                                        const v1::GetStatusRequest*,
                                        v1::GetStatusResponse* response) {
  const core::EngineStatus status = engine_->GetStatus();
  response->set_version(facts_.version);
  for (const std::string& entry : facts_.failsafe) {
    response->add_failsafe(entry);
  }
  response->set_uptime_seconds(MonotonicSeconds() - started_seconds_);
  response->set_generation(status.generation);
  response->set_etag(status.etag);
  const core::GuardReport guards = keeper_->Report();
  for (const core::InterfaceReport& interface : guards.interfaces) {
    *response->add_interfaces() = ToProto(interface);
  }
  response->set_table_repairs(guards.table_repairs);
  response->set_trouble(
      absl::StrCat(status.trouble,
                   status.trouble.empty() || guards.trouble.empty() ? "" : "; ",
                   guards.trouble));
  response->set_read_only(status.read_only);
  if (status.unconfirmed.has_value()) {
    *response->mutable_unconfirmed() = ToProto(*status.unconfirmed);
  }
  for (const core::TableUsage& table : status.tables) {
    *response->add_tables() = ToProto(table);
  }
  if (facts_.policy_files != nullptr) {
    for (const PolicyFileReport& file : facts_.policy_files->Reports()) {
      *response->add_policy_files() = ToProto(file);
    }
  }
  return grpc::Status::OK;
}

grpc::Status FirewallService::Attach(grpc::ServerContext* context,
                                     const v1::AttachRequest* request,
                                     v1::AttachResponse* response) {
  const std::string origin = peers_->Describe(context->peer());
  auto wanted = ToAttachRequest(*request);
  if (!wanted.ok()) return ToGrpcStatus(wanted.status());
  wanted->origin = origin;
  if (!request->force()) {
    const absl::Status safe = engine_->CheckGuarding(
        wanted->interfaces, peers_->LifelinesOfPeer(context->peer()));
    if (!safe.ok()) return ToGrpcStatus(safe);
  }
  const auto attached = keeper_->Attach(*wanted);
  if (!attached.ok()) return ToGrpcStatus(attached.status());
  for (const core::InterfaceReport& interface : *attached) {
    *response->add_interfaces() = ToProto(interface);
  }
  return grpc::Status::OK;
}

grpc::Status FirewallService::Detach(grpc::ServerContext* context,
                                     const v1::DetachRequest* request,
                                     v1::DetachResponse* response) {
  const std::string origin = peers_->Describe(context->peer());
  const auto names = ToInterfaceNames(*request);
  if (!names.ok()) return ToGrpcStatus(names.status());
  const auto detached = keeper_->Detach(*names, origin);
  if (!detached.ok()) return ToGrpcStatus(detached.status());
  response->mutable_interfaces()->Assign(detached->begin(), detached->end());
  return grpc::Status::OK;
}

grpc::Status FirewallService::Recover(grpc::ServerContext* context,
                                      const v1::RecoverRequest* request,
                                      v1::RecoverResponse* response) {
  const std::string origin = peers_->Describe(context->peer());
  const auto from = ToRecoverFrom(*request);
  if (!from.ok()) return ToGrpcStatus(from.status());
  const auto recovered = engine_->Recover(*from, origin);
  if (!recovered.ok()) return ToGrpcStatus(recovered.status());
  *response = ToProto(*recovered);
  return grpc::Status::OK;
}

}  // namespace fwagent::service
