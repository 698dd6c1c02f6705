#include "tests/support/fake_firewall_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace fwagent::testing {

using fwagent::v1::Rule;

namespace {

Rule SourceRule(const fwagent::v1::Prefix& source) {
  Rule rule;
  *rule.mutable_source_block()->mutable_source() = source;
  std::string* text =
      rule.mutable_source_block()->mutable_source()->mutable_text();
  if (text->find('/') == std::string::npos) absl::StrAppend(text, "/32");
  return rule;
}

template <typename Request>
Rule PortRule(const Request& request) {
  Rule rule;
  auto* block = rule.mutable_port_block();
  block->set_protocol(request.protocol());
  *block->mutable_ports() = request.ports();
  if (!block->ports().has_last()) {
    block->mutable_ports()->set_last(block->ports().first());
  }
  return rule;
}

bool SayTheSame(const Rule& a, const Rule& b) {
  return a.source_block().SerializeAsString() ==
             b.source_block().SerializeAsString() &&
         a.source_allow().SerializeAsString() ==
             b.source_allow().SerializeAsString() &&
         a.port_block().SerializeAsString() ==
             b.port_block().SerializeAsString();
}

void MakeAllow(Rule* rule) {
  const fwagent::v1::Prefix source = rule->source_block().source();
  *rule->mutable_source_allow()->mutable_source() = source;
}

template <typename Request>
void SetOwner(const Request& request, Rule* rule) {
  rule->set_owner(request.owner().empty() ? "cli" : request.owner());
}

// The fake's clock stands still, at that of FwctlRunner.
constexpr std::int64_t kNow = 1'700'000'000;

template <typename Request>
void SetBlock(const Request& request, Rule* rule) {
  rule->set_comment(request.comment());
  if (request.has_ttl()) {
    rule->mutable_expire_time()->set_seconds(kNow + request.ttl().seconds());
  } else if (request.has_expire_time()) {
    *rule->mutable_expire_time() = request.expire_time();
  }
}

}  // namespace

grpc::Status WithReason(grpc::StatusCode code, const std::string& message,
                        const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("fwagent");
  google::rpc::Status envelope;
  envelope.set_code(code);
  envelope.set_message(message);
  envelope.add_details()->PackFrom(info);
  return {code, message, envelope.SerializeAsString()};
}

grpc::Status WithViolation(const std::string& field,
                           const std::string& description) {
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(field);
  violation->set_description(description);
  google::rpc::Status envelope;
  envelope.set_code(grpc::StatusCode::INVALID_ARGUMENT);
  envelope.set_message(absl::StrCat(field, ": ", description));
  envelope.add_details()->PackFrom(bad_request);
  return {grpc::StatusCode::INVALID_ARGUMENT, envelope.message(),
          envelope.SerializeAsString()};
}

void FakeFirewallService::FailNext(const grpc::Status& status) {
  util::MutexLock lock(&mutex_);
  next_failure_ = status;
}

void FakeFirewallService::Hang() {
  util::MutexLock lock(&mutex_);
  hang_ = true;
}

void FakeFirewallService::Release() { released_.Notify(); }

void FakeFirewallService::AddRule(const Rule& rule) {
  util::MutexLock lock(&mutex_);
  rules_.push_back(rule);
  rules_.back().set_id(next_id_++);
}

void FakeFirewallService::SetPageSize(std::size_t rules) {
  util::MutexLock lock(&mutex_);
  page_size_ = rules;
}

void FakeFirewallService::RepeatPages() {
  util::MutexLock lock(&mutex_);
  repeat_pages_ = true;
}

void FakeFirewallService::SetStatus(
    const fwagent::v1::GetStatusResponse& status) {
  util::MutexLock lock(&mutex_);
  status_ = status;
}

void FakeFirewallService::SetExplanation(
    const fwagent::v1::ExplainResponse& explanation) {
  util::MutexLock lock(&mutex_);
  explanation_ = explanation;
}

void FakeFirewallService::SetHistory(
    std::vector<fwagent::v1::Generation> generations) {
  util::MutexLock lock(&mutex_);
  history_ = std::move(generations);
}

void FakeFirewallService::SetStats(
    const std::vector<fwagent::v1::GetStatsResponse>& samples) {
  util::MutexLock lock(&mutex_);
  samples_ = samples;
}

std::string FakeFirewallService::LastRequest() const {
  util::MutexLock lock(&mutex_);
  return last_request_;
}

std::size_t FakeFirewallService::CallCount() const {
  util::MutexLock lock(&mutex_);
  return call_count_;
}

grpc::Status FakeFirewallService::Begin(
    const google::protobuf::Message& request) {
  bool hang = false;
  {
    util::MutexLock lock(&mutex_);
    ++call_count_;
    last_request_ = request.ShortDebugString();
    hang = hang_;
  }
  if (hang) released_.WaitForNotification();
  util::MutexLock lock(&mutex_);
  return std::exchange(next_failure_, std::nullopt).value_or(grpc::Status::OK);
}

template <typename Response>
grpc::Status FakeFirewallService::Add(Rule rule, bool validate_only, bool renew,
                                      Response* response) {
  util::MutexLock lock(&mutex_);
  for (Rule& other : rules_) {
    if (!SayTheSame(rule, other) || rule.owner() != other.owner()) continue;
    if (!renew) {
      return WithReason(grpc::StatusCode::ALREADY_EXISTS,
                        absl::StrCat("blocked already by rule ", other.id()),
                        "RULE_EXISTS");
    }
    rule.set_id(other.id());
    if (!validate_only) other = rule;
    *response->mutable_rule() = std::move(rule);
    response->set_generation(validate_only ? generation_ : ++generation_);
    return grpc::Status::OK;
  }
  if (!validate_only) {
    rule.set_id(next_id_++);
    ++generation_;
    rules_.push_back(rule);
  }
  *response->mutable_rule() = std::move(rule);
  response->set_generation(generation_);
  return grpc::Status::OK;
}

template <typename Response>
grpc::Status FakeFirewallService::Remove(const Rule& wanted, bool all_owners,
                                         bool validate_only,
                                         Response* response) {
  util::MutexLock lock(&mutex_);
  std::vector<Rule> kept;
  std::vector<Rule> removed;
  std::vector<Rule> held;
  for (const Rule& rule : rules_) {
    const bool goes = SayTheSame(rule, wanted) &&
                      (all_owners || rule.owner() == wanted.owner());
    (goes ? removed : kept).push_back(rule);
    if (!goes && SayTheSame(rule, wanted)) held.push_back(rule);
  }
  if (removed.empty()) {
    return WithReason(grpc::StatusCode::NOT_FOUND, "not blocked",
                      "RULE_NOT_FOUND");
  }
  *response->mutable_rule() = removed.front();
  if constexpr (requires { response->still_held(); }) {
    response->mutable_other_rules()->Assign(removed.begin() + 1, removed.end());
    response->mutable_still_held()->Assign(held.begin(), held.end());
  }
  if (!validate_only) {
    rules_ = std::move(kept);
    ++generation_;
  }
  response->set_generation(generation_);
  return grpc::Status::OK;
}

template <typename Request, typename Response>
grpc::Status FakeFirewallService::AddFor(const Request& request, Rule rule,
                                         Response* response) {
  if (grpc::Status status = Begin(request); !status.ok()) return status;
  SetBlock(request, &rule);
  SetOwner(request, &rule);
  SetConfirmBy(request, response);
  return Add(std::move(rule), request.validate_only(), request.renew(),
             response);
}

template <typename Request, typename Response>
grpc::Status FakeFirewallService::RemoveFor(const Request& request, Rule rule,
                                            Response* response) {
  if (grpc::Status status = Begin(request); !status.ok()) return status;
  SetOwner(request, &rule);
  SetConfirmBy(request, response);
  return Remove(rule, request.all_owners(), request.validate_only(), response);
}

grpc::Status FakeFirewallService::BlockIP(
    grpc::ServerContext*, const fwagent::v1::BlockIPRequest* request,
    fwagent::v1::BlockIPResponse* response) {
  return AddFor(*request, SourceRule(request->source()), response);
}

grpc::Status FakeFirewallService::UnblockIP(
    grpc::ServerContext*, const fwagent::v1::UnblockIPRequest* request,
    fwagent::v1::UnblockIPResponse* response) {
  return RemoveFor(*request, SourceRule(request->source()), response);
}

grpc::Status FakeFirewallService::AllowIP(
    grpc::ServerContext*, const fwagent::v1::AllowIPRequest* request,
    fwagent::v1::AllowIPResponse* response) {
  Rule rule = SourceRule(request->source());
  MakeAllow(&rule);
  return AddFor(*request, std::move(rule), response);
}

grpc::Status FakeFirewallService::UnallowIP(
    grpc::ServerContext*, const fwagent::v1::UnallowIPRequest* request,
    fwagent::v1::UnallowIPResponse* response) {
  Rule rule = SourceRule(request->source());
  MakeAllow(&rule);
  return RemoveFor(*request, std::move(rule), response);
}

grpc::Status FakeFirewallService::BlockPort(
    grpc::ServerContext*, const fwagent::v1::BlockPortRequest* request,
    fwagent::v1::BlockPortResponse* response) {
  return AddFor(*request, PortRule(*request), response);
}

grpc::Status FakeFirewallService::UnblockPort(
    grpc::ServerContext*, const fwagent::v1::UnblockPortRequest* request,
    fwagent::v1::UnblockPortResponse* response) {
  return RemoveFor(*request, PortRule(*request), response);
}

// Refuses what has "bad" in it, and knows nothing of all or nothing otherwise.
grpc::Status FakeFirewallService::ChangeSources(
    grpc::ServerContext*, const fwagent::v1::ChangeSourcesRequest* request,
    fwagent::v1::ChangeSourcesResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  for (int i = 0; i < request->edits_size(); ++i) {
    if (request->edits(i).block().text().find("bad") == std::string::npos) {
      continue;
    }
    return WithViolation(absl::StrCat("edits[", i, "].block.text"),
                         "is no prefix");
  }
  for (const auto& edit : request->edits()) {
    fwagent::v1::BlockIPResponse one;
    const bool adds = edit.has_block() || edit.has_allow();
    Rule rule = SourceRule(edit.has_block()     ? edit.block()
                           : edit.has_allow()   ? edit.allow()
                           : edit.has_unblock() ? edit.unblock()
                                                : edit.unallow());
    if (edit.has_allow() || edit.has_unallow()) MakeAllow(&rule);
    SetBlock(edit, &rule);
    SetOwner(*request, &rule);
    const grpc::Status status =
        adds ? Add(rule, request->validate_only(), edit.renew(), &one)
             : Remove(rule, request->all_owners(), request->validate_only(),
                      &one);
    if (!status.ok() && request->skip_satisfied()) continue;
    if (!status.ok()) return status;
    response->set_generation(one.generation());
    response->set_changed_count(response->changed_count() + 1);
    if (!request->omit_rules()) *response->add_rules() = one.rule();
  }
  SetConfirmBy(*request, response);
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::ListRules(
    grpc::ServerContext*, const fwagent::v1::ListRulesRequest* request,
    fwagent::v1::ListRulesResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  std::size_t first = 0;
  if (!request->page_token().empty() &&
      !absl::SimpleAtoi(request->page_token(), &first)) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "bad page token"};
  }
  const std::size_t last = std::min(rules_.size(), first + page_size_);
  for (std::size_t i = first; i < last; ++i) *response->add_rules() = rules_[i];
  if (last < rules_.size()) response->set_next_page_token(absl::StrCat(last));
  if (repeat_pages_) response->set_next_page_token("0");
  response->set_total_size(rules_.size());
  response->set_generation(generation_);
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::ListHistory(
    grpc::ServerContext*, const fwagent::v1::ListHistoryRequest* request,
    fwagent::v1::ListHistoryResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  for (const fwagent::v1::Generation& generation : history_) {
    if (response->generations_size() == request->page_size()) break;
    *response->add_generations() = generation;
  }
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::Rollback(
    grpc::ServerContext*, const fwagent::v1::RollbackRequest* request,
    fwagent::v1::RollbackResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  const bool known = std::any_of(
      history_.begin(), history_.end(), [&](const auto& generation) {
        return generation.generation() == request->generation();
      });
  if (!known) return WithViolation("generation", "is no earlier one");
  SetConfirmBy(*request, response);
  response->set_changed_rules(rules_.size());
  if (!request->validate_only()) {
    rules_.clear();
    ++generation_;
  }
  response->set_generation(generation_);
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::Confirm(
    grpc::ServerContext*, const fwagent::v1::ConfirmRequest* request,
    fwagent::v1::ConfirmResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  if (!status_.has_unconfirmed()) {
    return WithReason(grpc::StatusCode::NOT_FOUND, "nothing waits",
                      "NOTHING_TO_CONFIRM");
  }
  response->set_generation(status_.unconfirmed().generation());
  status_.clear_unconfirmed();
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::GetStats(
    grpc::ServerContext*, const fwagent::v1::GetStatsRequest* request,
    fwagent::v1::GetStatsResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  if (samples_.empty()) return grpc::Status::OK;
  *response = samples_.front();
  if (samples_.size() > 1) samples_.erase(samples_.begin());
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::Explain(
    grpc::ServerContext*, const fwagent::v1::ExplainRequest* request,
    fwagent::v1::ExplainResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  *response = explanation_;
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::GetStatus(
    grpc::ServerContext*, const fwagent::v1::GetStatusRequest* request,
    fwagent::v1::GetStatusResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  *response = status_;
  return grpc::Status::OK;
}

template <typename Request>
std::vector<fwagent::v1::InterfaceStatus*> FakeFirewallService::Chosen(
    const Request& request) {
  const auto& names = request.interfaces();
  std::vector<fwagent::v1::InterfaceStatus*> chosen;
  for (auto& interface : *status_.mutable_interfaces()) {
    if (names.empty() ||
        std::count(names.begin(), names.end(), interface.name()) > 0) {
      chosen.push_back(&interface);
    }
  }
  return chosen;
}

grpc::Status FakeFirewallService::Attach(
    grpc::ServerContext*, const fwagent::v1::AttachRequest* request,
    fwagent::v1::AttachResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  const auto chosen = Chosen(*request);
  if (static_cast<int>(chosen.size()) < request->interfaces_size()) {
    return WithReason(grpc::StatusCode::NOT_FOUND, "there is no interface",
                      "INTERFACE_NOT_FOUND");
  }
  for (fwagent::v1::InterfaceStatus* interface : chosen) {
    // One whose detail says why not cannot be attached.
    interface->set_attached(interface->detail().empty());
    if (interface->attached()) {
      interface->set_mode(request->mode() ==
                                  fwagent::v1::MODE_PREFERENCE_GENERIC
                              ? fwagent::v1::ATTACH_MODE_GENERIC
                              : fwagent::v1::ATTACH_MODE_NATIVE);
    }
    *response->add_interfaces() = *interface;
  }
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::Detach(
    grpc::ServerContext*, const fwagent::v1::DetachRequest* request,
    fwagent::v1::DetachResponse* response) {
  if (grpc::Status status = Begin(*request); !status.ok()) return status;
  util::MutexLock lock(&mutex_);
  const auto chosen = Chosen(*request);
  if (static_cast<int>(chosen.size()) < request->interfaces_size()) {
    return {grpc::StatusCode::NOT_FOUND, "an interface is not guarded"};
  }
  for (fwagent::v1::InterfaceStatus* interface : chosen) {
    interface->set_attached(false);
    response->add_interfaces(interface->name());
  }
  return grpc::Status::OK;
}

grpc::Status FakeFirewallService::Recover(
    grpc::ServerContext*, const fwagent::v1::RecoverRequest* request,
    fwagent::v1::RecoverResponse* response) {
  const grpc::Status begun = Begin(*request);
  if (!begun.ok()) return begun;
  const util::MutexLock lock(&mutex_);
  response->set_rule_count(rules_.size());
  response->mutable_as_of_time()->set_seconds(1'700'000'000);
  response->set_generation(generation_);
  return grpc::Status::OK;
}

}  // namespace fwagent::testing
