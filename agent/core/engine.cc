#include "agent/core/engine.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "agent/core/adopt.h"
#include "agent/core/entry_clock.h"
#include "agent/core/expiry.h"
#include "agent/core/reconcile.h"
#include "agent/core/steps.h"
#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"
#include "agent/util/memory.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Family;
using policy::Rule;

constexpr std::array<const char*, policy::kFamilies> kTableNames = {
    "source-ipv4", "source-ipv6"};

std::uint64_t CountOf(Family family, const policy::RuleSet& rules) {
  std::uint64_t count = 0;
  for (const auto& [id, rule] : rules.rules()) {
    const auto* prefix = std::get_if<policy::Prefix>(&rule.match);
    if (prefix != nullptr && prefix->family() == family) ++count;
  }
  return count;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Start(
    store::Store* store, dataplane::DataPlane* data_plane, Clocks clocks) {
  FW_ASSIGN_OR_RETURN(store::State state, store->Load());
  FW_ASSIGN_OR_RETURN(const dataplane::LivePorts ports,
                      data_plane->ReadPorts());
  if (state.fresh) {
    FW_ASSIGN_OR_RETURN(store::Delta adopted,
                        AdoptLiveRules(*data_plane, ports, clocks.Now()));
    if (!adopted.add.empty()) {
      adopted.boot_id = clocks.boot_id;
      adopted.history = AdoptionEntry(adopted, clocks.Now().wall);
      FW_RETURN_IF_ERROR(store->Commit(adopted));
      spdlog::warn(
          "the state directory is new, but the kernel enforces {} rules: "
          "adopted them",
          adopted.add.size());
      state = {.rules = std::move(adopted.add),
               .sets = {},
               .generation = adopted.generation,
               .next_rule_id = adopted.next_rule_id,
               .boot_id = adopted.boot_id,
               .etag = adopted.history->entry.etag};
    }
  }

  auto engine =
      std::unique_ptr<Engine>(new Engine(store, data_plane, std::move(clocks)));
  const util::MutexLock change_lock(&engine->change_mutex_);
  FW_RETURN_IF_ERROR(engine->TakeOver(*store, std::move(state), ports));
  store->KeepCopy();
  return engine;
}

absl::Status Engine::TakeOver(store::Store& store, store::State state,
                              const dataplane::LivePorts& ports) {
  const Moment now = clocks_.Now();
  const bool rebooted =
      state.boot_id.empty() || state.boot_id != clocks_.boot_id;
  policy::RuleSet rules;
  for (Rule& rule : state.rules) {
    if (rebooted && policy::Ends(rule)) {
      MoveToThisBoot(now, rule);
      old_deadlines_ = true;
    }
    const absl::Status added = rules.Add(std::move(rule));
    if (!added.ok()) {
      return store::ContradictionError(std::string(added.message()));
    }
  }
  entry_clock_ = GoOn(state.entry_clock, clocks_.boot_id, now);
  entry_clock_due_ = entry_clock_.boot_id != state.entry_clock.boot_id ||
                     !WallAgrees(entry_clock_, now);
  Redate(state.entry_clock, entry_clock_, state.sets);
  // What waits for a confirmation is read by it, so that its entries end when
  // these do.
  store.UseEntryClock(entry_clock_);
  FW_RETURN_IF_ERROR(TakeBackAtStart(store, now, rules, state));
  FW_ASSIGN_OR_RETURN(const Repairs repairs,
                      Reconcile(rules, state.sets, ports, *data_plane_));
  util::ReturnFreeMemory();
  const util::MutexLock lock(&mutex_);
  rules_ = std::move(rules);
  sets_ = std::move(state.sets);
  generation_ = state.generation;
  etag_ = state.etag.empty() ? NextEtag("", {.generation = 0, .time = now.wall})
                             : std::move(state.etag);
  next_rule_id_ = state.next_rule_id;
  unconfirmed_ = std::move(state.unconfirmed);
  spdlog::info(
      "rules: {}, sets: {} at generation {}; kernel tables: {} sources loaded, "
      "{} port tables replaced",
      rules_.size(), sets_.size(), generation_, repairs.sources_loaded,
      repairs.port_tables_replaced);
  return absl::OkStatus();
}

RulePage Engine::List(policy::RuleId after, std::size_t limit) const {
  const Moment now = clocks_.Now();
  RulePage page;
  {
    const util::MutexLock lock(&mutex_);
    page.rules = rules_.Page(after, limit + 1, now.tick());
    page.total = rules_.size() - rules_.EndedCount(now.tick());
    page.generation = generation_;
  }
  page.last = page.rules.size() <= limit;
  if (!page.last) page.rules.pop_back();
  for (Rule& rule : page.rules) {
    rule.expire_time = PresentExpireTime(rule, now);
  }
  return page;
}

std::vector<Rule> Engine::OthersLike(const std::vector<Rule>& rules) const {
  const policy::Deadline now = clocks_.Now().tick();
  std::vector<Rule> others;
  const util::MutexLock lock(&mutex_);
  for (const Rule* holder : rules_.HoldersOf(rules.front().match)) {
    const bool is_given = std::any_of(
        rules.begin(), rules.end(),
        [holder](const Rule& rule) { return rule.id == holder->id; });
    if (is_given || policy::HasEnded(*holder, now)) continue;
    if (policy::SayTheSame(*holder, rules.front())) others.push_back(*holder);
  }
  return others;
}

EngineStatus Engine::GetStatus() const {
  const Moment now = clocks_.Now();
  EngineStatus status;
  const util::MutexLock lock(&mutex_);
  status.generation = generation_;
  status.etag = etag_;
  status.trouble = trouble_;
  status.read_only = read_only_;
  status.unconfirmed = unconfirmed_;
  if (unconfirmed_.has_value()) {
    status.unconfirmed->confirm_by =
        PresentTime(unconfirmed_->until, unconfirmed_->confirm_by, now);
  }
  for (const Family family : {Family::kIPv4, Family::kIPv6}) {
    const dataplane::SourceUsage usage = data_plane_->SourceUsage(family);
    // Of an earlier run's tables nobody counts what is in them.
    const std::uint64_t prefixes =
        read_only_ ? CountOf(family, rules_) : usage.prefixes;
    status.tables.push_back({kTableNames[static_cast<std::size_t>(family)],
                             prefixes, usage.capacity, usage.memory_bytes});
  }
  return status;
}

absl::StatusOr<std::vector<policy::InterfaceCounters>> Engine::ReadCounters()
    const {
  return data_plane_->ReadCounters();
}

}  // namespace fwagent::core
