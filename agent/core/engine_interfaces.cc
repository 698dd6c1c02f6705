// The part of the engine that is about interfaces: one at a time with changes,
// because the data plane does one thing at a time.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/core/engine.h"
#include "agent/core/reconcile.h"
#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {

namespace {

// There are no rules to write tables from.
dataplane::MendReport WithoutRepair(dataplane::MendReport report) {
  if (report.damage.empty()) return report;
  report.trouble = absl::DataLossError(absl::StrCat(
      "somebody else wrote to the filter's tables (", report.damage,
      "), and without a store they cannot be mended"));
  report.damage.clear();
  return report;
}

}  // namespace

absl::StatusOr<dataplane::AttachResult> Engine::Attach(
    const std::string& interface, dataplane::ModePreference preference) {
  const util::MutexLock change_lock(&change_mutex_);
  FW_RETURN_IF_ERROR(may_attach_);
  return data_plane_->Attach(interface, preference);
}

absl::Status Engine::Forget(const std::string& interface) {
  const util::MutexLock change_lock(&change_mutex_);
  return data_plane_->Forget(interface);
}

dataplane::MendReport Engine::Mend() {
  const util::MutexLock change_lock(&change_mutex_);
  dataplane::MendReport report = data_plane_->Mend();
  if (store_ == nullptr) return WithoutRepair(std::move(report));
  if (!report.damage.empty()) tables_damaged_ = true;
  if (!tables_damaged_) return report;
  policy::RuleSet rules;
  policy::SetTable sets;  // which only changes change
  {
    const util::MutexLock lock(&mutex_);
    rules = rules_;
    sets = sets_;
  }
  // No port table is believed: each is written anew.
  const auto repaired =
      Reconcile(rules, sets, dataplane::LivePorts(), *data_plane_);
  tables_damaged_ = !repaired.ok();
  if (!repaired.ok()) {
    report.trouble = util::WithContext(repaired.status(),
                                       "the tables cannot be written anew");
  }
  return report;
}

std::vector<std::string> Engine::Devices() const {
  return data_plane_->Devices();
}

std::vector<dataplane::InterfaceState> Engine::Interfaces() const {
  return data_plane_->Interfaces();
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
  }
  return wanted;
}

}  // namespace fwagent::core
