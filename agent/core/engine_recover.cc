// The engine without a store, and how it gets one again.
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/core/adopt.h"
#include "agent/core/engine.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

constexpr char kReason[] = "STORE_DAMAGED";

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

absl::Status NotTakenOver(const absl::Status& why) {
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          why.message(),
          "; and the filter that is in force was left alone, because its "
          "tables "
          "are those of another version, or have lost their pins: start that "
          "version with --recover kernel, or this one with --recover copy")),
      kReason);
}

// What the user can do, with what is there to do it from.
std::string Remedy(std::size_t live_rules, std::optional<absl::Time> copy) {
  const std::string from_copy =
      copy.has_value() ? absl::StrCat("'fwctl recover --from copy' (of ",
                                      TimeText(*copy), ")")
                       : "";
  if (live_rules == 0 && from_copy.empty()) {
    return "there are neither rules in the kernel nor is there a copy to "
           "recover from: mend the disk, or restore the state directory from a "
           "backup and restart the agent, or empty it to begin without rules";
  }
  if (live_rules == 0) return absl::StrCat("recover it by ", from_copy);
  return absl::StrCat("recover it by 'fwctl recover --from kernel' (",
                      live_rules, " rules, without comments and sets)",
                      from_copy.empty() ? "; there is no copy" : " or by ",
                      from_copy);
}

}  // namespace

std::unique_ptr<Engine> Engine::StartReadOnly(const absl::Status& why,
                                              store::Recovery* recovery,
                                              dataplane::DataPlane* data_plane,
                                              Clocks clocks) {
  auto engine = std::unique_ptr<Engine>(
      new Engine(nullptr, data_plane, std::move(clocks)));
  const util::MutexLock change_lock(&engine->change_mutex_);
  engine->recovery_ = recovery;
  data_plane->HoldTables(true);
  engine->ListLiveRules();
  engine->SayReadOnly(why);
  if (!data_plane->InheritsTables() && !data_plane->Interfaces().empty()) {
    engine->may_attach_ = NotTakenOver(why);
  }
  return engine;
}

void Engine::ListLiveRules() {
  const auto ports = data_plane_->ReadPorts();
  const auto live = ports.ok()
                        ? AdoptLiveRules(*data_plane_, *ports, clocks_.Now())
                        : absl::StatusOr<store::Delta>(ports.status());
  if (!live.ok()) {
    spdlog::error("no rules can be listed: {}",
                  std::string(live.status().message()));
    return;
  }
  const util::MutexLock lock(&mutex_);
  for (const policy::Rule& rule : live->add) rules_.Add(rule).IgnoreError();
}

void Engine::SayReadOnly(const absl::Status& why) {
  std::size_t live_rules = 0;
  {
    const util::MutexLock lock(&mutex_);
    live_rules = rules_.size();
    read_only_ = true;
  }
  const std::string enforced =
      live_rules > 0
          ? absl::StrCat("the ", live_rules,
                         " rules in the kernel stay in force")
          : "there are no rules in the kernel, so that none is enforced";
  SetBroken(util::WithReason(
      absl::FailedPreconditionError(
          absl::StrCat("no changes are taken: ", why.message(), "; ", enforced,
                       "; ", Remedy(live_rules, recovery_->CopyTime()))),
      kReason));
}

void Engine::SetBroken(absl::Status why) {
  broken_ = std::move(why);
  const std::string trouble(broken_.message());
  if (!trouble.empty()) spdlog::critical(trouble);
  if (tell_) tell_(trouble);
  const util::MutexLock lock(&mutex_);
  trouble_ = trouble;
}

void Engine::OnTrouble(std::function<void(const std::string&)> tell) {
  const util::MutexLock change_lock(&change_mutex_);
  tell_ = std::move(tell);
  if (!broken_.ok()) tell_(std::string(broken_.message()));
}

absl::StatusOr<std::unique_ptr<store::Store>> Engine::RecoveredStore(
    RecoverFrom from) {
  if (from == RecoverFrom::kCopy) return recovery_->FromCopy();
  FW_ASSIGN_OR_RETURN(const auto ports, data_plane_->ReadPorts());
  FW_ASSIGN_OR_RETURN(store::Delta live,
                      AdoptLiveRules(*data_plane_, ports, clocks_.Now()));
  live.boot_id = clocks_.boot_id;
  live.history = AdoptionEntry(live, clocks_.wall());
  if (!live.add.empty()) return recovery_->FromDelta(live);
  return absl::NotFoundError(
      "the kernel's tables hold no rules, as after a reboot: recover from the "
      "copy; to begin without rules, empty the state directory");
}

absl::StatusOr<RecoveryResult> Engine::Recover(RecoverFrom from,
                                               const std::string& origin) {
  const util::MutexLock change_lock(&change_mutex_);
  if (store_ != nullptr) {
    return util::WithReason(
        absl::FailedPreconditionError(
            "there is nothing to recover: the store is sound"),
        "STORE_SOUND");
  }
  // The copy is moved when it is used.
  const absl::Time as_of = from == RecoverFrom::kCopy
                               ? recovery_->CopyTime().value_or(clocks_.wall())
                               : clocks_.wall();
  FW_ASSIGN_OR_RETURN(auto store, RecoveredStore(from));
  FW_ASSIGN_OR_RETURN(store::State state, store->Load());
  RecoveryResult result{.rules = state.rules.size(),
                        .sets = state.sets.size(),
                        .as_of = as_of,
                        .generation = state.generation};
  FW_ASSIGN_OR_RETURN(const auto ports, data_plane_->ReadPorts());
  FW_RETURN_IF_ERROR(util::WithContext(
      TakeOver(*store, std::move(state), ports),
      "the store is recovered, but not in force (restart the agent)"));
  store->KeepCopy();
  recovered_ = std::move(store);
  store_ = recovered_.get();
  may_attach_ = absl::OkStatus();
  data_plane_->HoldTables(false);
  {
    const util::MutexLock lock(&mutex_);
    read_only_ = false;
  }
  SetBroken(absl::OkStatus());
  spdlog::warn(
      "recovered {} rules and {} sets from the {} as of {}, asked by {}; "
      "changes are taken again",
      result.rules, result.sets,
      from == RecoverFrom::kKernel ? "kernel's tables" : "last good copy",
      TimeText(as_of), origin);
  return result;
}

}  // namespace fwagent::core
