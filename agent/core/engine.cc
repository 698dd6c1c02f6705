#include "agent/core/engine.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "agent/core/adopt.h"
#include "agent/core/reconcile.h"
#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Family;
using policy::Rule;

constexpr std::array<const char*, policy::kFamilies> kTableNames = {
    "source-ipv4", "source-ipv6"};

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

absl::StatusOr<dataplane::AttachResult> Engine::Attach(
    const std::string& interface, dataplane::ModePreference preference) {
  const util::MutexLock change_lock(&change_mutex_);
  FW_ASSIGN_OR_RETURN(dataplane::AttachResult result,
                      data_plane_->Attach(interface, preference));
  const util::MutexLock lock(&mutex_);
  detached_.erase(interface);
  return result;
}

absl::StatusOr<std::vector<std::string>> Engine::Detach(
    const std::vector<std::string>& interfaces, const std::string& origin) {
  const util::MutexLock change_lock(&change_mutex_);
  std::vector<std::string> guarded;
  for (const auto& state : data_plane_->Interfaces()) {
    guarded.push_back(state.name);
  }
  for (const std::string& name : interfaces) {
    if (std::find(guarded.begin(), guarded.end(), name) != guarded.end()) {
      continue;
    }
    return dataplane::NotGuarded(name, guarded);
  }
  std::vector<std::string> wanted = interfaces.empty() ? guarded : interfaces;
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (const std::string& name : wanted) {
    FW_RETURN_IF_ERROR(data_plane_->Detach(name));
    spdlog::warn("{}: the filter is off, asked by {}", name, origin);
    const util::MutexLock lock(&mutex_);
    detached_[name] = absl::StrCat("taken off by ", origin);
  }
  return wanted;
}

EngineStatus Engine::GetStatus() const {
  EngineStatus status;
  status.interfaces = data_plane_->Interfaces();
  const util::MutexLock lock(&mutex_);
  for (const auto& [name, detail] : detached_) {
    status.interfaces.push_back({.name = name, .detail = detail});
  }
  std::sort(status.interfaces.begin(), status.interfaces.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
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
