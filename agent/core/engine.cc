#include "agent/core/engine.h"

#include <spdlog/spdlog.h>

#include <array>
#include <variant>

#include "absl/strings/str_cat.h"
#include "agent/core/adopt.h"
#include "agent/core/reconcile.h"
#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Family;
using policy::Prefix;
using policy::Rule;
using Kind = Change::Kind;

constexpr std::array<const char*, policy::kFamilies> kTableNames = {
    "source-ipv4", "source-ipv6"};

const char* KindName(Kind kind) {
  return kind == Kind::kBlock ? "block" : "unblock";
}

// Equal for requests with the same content.
std::string Fingerprint(const Change& change) {
  return absl::StrCat(KindName(change.kind), " ",
                      policy::MatchToString(change.match), "\n",
                      change.comment);
}

// A kernel that lacks something of its own must not read like a rule that is
// there already, or is not.
absl::Status NotEnforced(const absl::Status& status) {
  if (!absl::IsNotFound(status) && !absl::IsAlreadyExists(status)) {
    return status;
  }
  return absl::InternalError(absl::StrCat(
      "nothing was changed, because the kernel's tables are not as they were "
      "left (restart the agent to mend them): ",
      status.message()));
}

// What undoes `delta`, which added or removed `rule`.
store::Delta Inverse(const store::Delta& delta, const Rule& rule,
                     std::uint64_t old_generation) {
  store::Delta inverse;
  if (delta.add.empty()) {
    inverse.add.push_back(rule);
  } else {
    inverse.remove.push_back(rule.id);
  }
  inverse.generation = old_generation;
  inverse.next_rule_id = delta.next_rule_id;
  if (delta.remember.has_value()) {
    inverse.forget_request_id = delta.remember->request_id;
  }
  return inverse;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Start(
    store::Store* store, dataplane::DataPlane* data_plane, Clock clock) {
  FW_ASSIGN_OR_RETURN(store::State state, store->Load());
  FW_ASSIGN_OR_RETURN(const dataplane::LivePorts ports,
                      data_plane->ReadPorts());
  if (state.fresh) {
    FW_ASSIGN_OR_RETURN(store::Delta adopted,
                        AdoptLiveRules(*data_plane, ports, clock()));
    if (!adopted.add.empty()) {
      FW_RETURN_IF_ERROR(store->Commit(adopted));
      spdlog::warn(
          "the state directory is new, but the kernel enforces {} rules: "
          "adopted them",
          adopted.add.size());
      state = {.rules = std::move(adopted.add),
               .generation = adopted.generation,
               .next_rule_id = adopted.next_rule_id};
    }
  }

  auto engine =
      std::unique_ptr<Engine>(new Engine(store, data_plane, std::move(clock)));
  const util::MutexLock lock(&engine->mutex_);
  for (Rule& rule : state.rules) {
    FW_RETURN_IF_ERROR(util::WithContext(engine->rules_.Add(std::move(rule)),
                                         "the store contradicts itself"));
  }
  engine->generation_ = state.generation;
  engine->next_rule_id_ = state.next_rule_id;
  FW_ASSIGN_OR_RETURN(const Repairs repairs,
                      Reconcile(engine->rules_, ports, *data_plane));
  spdlog::info(
      "rules: {} at generation {}; kernel tables: {} sources loaded, {} port "
      "tables replaced",
      engine->rules_.size(), engine->generation_, repairs.sources_loaded,
      repairs.port_tables_replaced);
  return engine;
}

absl::StatusOr<ChangeResult> Engine::Apply(const Change& change) {
  const util::MutexLock change_lock(&change_mutex_);
  FW_RETURN_IF_ERROR(broken_);
  if (!change.request_id.empty()) {
    FW_ASSIGN_OR_RETURN(const auto answered,
                        store_->FindRequest(change.request_id));
    if (answered.has_value()) {
      if (answered->fingerprint == Fingerprint(change)) {
        return ChangeResult{answered->rule, answered->generation};
      }
      return util::WithReason(
          absl::InvalidArgumentError(
              absl::StrCat("request_id: \"", change.request_id,
                           "\" was used for another request: take a new one")),
          "REQUEST_ID_REUSED");
    }
  }
  FW_ASSIGN_OR_RETURN(ChangeResult planned, PlanChange(change));
  if (change.validate_only) return planned;
  FW_ASSIGN_OR_RETURN(ChangeResult result, Persist(change, std::move(planned)));
  Acknowledge(change, result);
  return result;
}

// The rule that would be added, without id, or removed.
absl::StatusOr<ChangeResult> Engine::PlanChange(const Change& change) const {
  const util::MutexLock lock(&mutex_);
  const Rule* present = rules_.Find(change.match);
  const std::string what = policy::MatchToString(change.match);
  if (change.kind == Kind::kUnblock) {
    if (present == nullptr) {
      return util::WithReason(
          absl::NotFoundError(absl::StrCat(what, " is not blocked")),
          "RULE_NOT_FOUND");
    }
    return ChangeResult{*present, generation_};
  }
  if (present != nullptr) {
    return util::WithReason(
        absl::AlreadyExistsError(
            absl::StrCat(what, " is already blocked by rule ", present->id)),
        "RULE_EXISTS");
  }
  if (const auto* prefix = std::get_if<Prefix>(&change.match)) {
    const std::uint64_t capacity =
        data_plane_->SourceUsage(prefix->family()).capacity;
    if (rules_.SourceCount(prefix->family()) >= capacity) {
      return dataplane::SourceTableFull(prefix->family(), capacity);
    }
  }
  return ChangeResult{
      {.match = change.match, .comment = change.comment, .create_time = {}},
      generation_};
}

// Commits and publishes; when it cannot be published, takes the commit back.
absl::StatusOr<ChangeResult> Engine::Persist(const Change& change,
                                             ChangeResult planned) {
  const std::uint64_t old_generation = planned.generation;
  store::Delta delta;
  {
    // Never given twice, not even an id that was not acknowledged.
    const util::MutexLock lock(&mutex_);
    if (change.kind == Kind::kBlock) planned.rule.id = next_rule_id_++;
    delta.next_rule_id = next_rule_id_;
  }
  planned.generation = delta.generation = old_generation + 1;
  if (change.kind == Kind::kBlock) {
    planned.rule.create_time =
        absl::FromUnixMicros(absl::ToUnixMicros(clock_()));
    delta.add.push_back(planned.rule);
  } else {
    delta.remove.push_back(planned.rule.id);
  }
  if (!change.request_id.empty()) {
    delta.remember = {change.request_id, Fingerprint(change), planned.rule,
                      planned.generation};
  }
  FW_RETURN_IF_ERROR(store_->Commit(delta));

  const absl::Status published = Publish(change, planned.rule);
  if (published.ok()) return planned;
  const absl::Status undone =
      store_->Commit(Inverse(delta, planned.rule, old_generation));
  if (!undone.ok()) {
    broken_ = absl::FailedPreconditionError(absl::StrCat(
        "no changes are taken: one could not be enforced (",
        published.message(), ") nor taken back on disk (", undone.message(),
        "); the filter works on with the rules listed. Mend the cause and "
        "restart the agent"));
    spdlog::critical(std::string(broken_.message()));
    return broken_;
  }
  return NotEnforced(published);
}

absl::Status Engine::Publish(const Change& change, const Rule& rule) {
  if (const auto* prefix = std::get_if<Prefix>(&change.match)) {
    if (change.kind == Kind::kBlock) {
      return data_plane_->AddSource({.prefix = *prefix, .id = rule.id});
    }
    absl::Status removed = data_plane_->RemoveSource(*prefix);
    if (!absl::IsNotFound(removed)) return removed;
    spdlog::warn("{} was gone from the kernel's table already",
                 prefix->ToString());
    return absl::OkStatus();
  }
  const auto& ports = std::get<policy::PortRange>(change.match);
  policy::PortRules port_rules;
  {
    const util::MutexLock lock(&mutex_);
    port_rules = rules_.port_rules();
  }
  if (change.kind == Kind::kBlock) {
    port_rules.emplace(ports, rule.id);
  } else {
    port_rules.erase(ports);
  }
  return data_plane_->ReplacePorts(
      ports.protocol(), policy::CompilePortTable(port_rules, ports.protocol()));
}

// Nothing can fail any more: the rule was checked against rules_, and only
// this function, under change_mutex_, changes them.
void Engine::Acknowledge(const Change& change, const ChangeResult& result) {
  {
    const util::MutexLock lock(&mutex_);
    if (change.kind == Kind::kBlock) {
      rules_.Add(result.rule).IgnoreError();
    } else {
      rules_.Remove(change.match).IgnoreError();
    }
    generation_ = result.generation;
  }
  spdlog::info("{} {}: rule {}, generation {}, asked by {}",
               KindName(change.kind), policy::MatchToString(change.match),
               result.rule.id, result.generation, change.origin);
}

RulePage Engine::List(policy::RuleId after, std::size_t limit) const {
  const util::MutexLock lock(&mutex_);
  RulePage page;
  page.rules = rules_.Page(after, limit);
  page.total = rules_.size();
  page.generation = generation_;
  page.last = page.rules.empty() ||
              page.rules.back().id == rules_.rules().rbegin()->first;
  return page;
}

EngineStatus Engine::GetStatus() const {
  EngineStatus status;
  const util::MutexLock lock(&mutex_);
  status.generation = generation_;
  for (const Family family : {Family::kIPv4, Family::kIPv6}) {
    const dataplane::SourceUsage usage = data_plane_->SourceUsage(family);
    status.tables.push_back({kTableNames[static_cast<std::size_t>(family)],
                             rules_.SourceCount(family), usage.capacity,
                             usage.memory_bytes});
  }
  return status;
}

absl::StatusOr<std::vector<policy::InterfaceCounters>> Engine::ReadCounters()
    const {
  return data_plane_->ReadCounters();
}

}  // namespace fwagent::core
