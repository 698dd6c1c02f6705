// The looks of InterfaceKeeper: what is wanted, what is there, and the
// difference.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "agent/core/interface_keeper.h"
#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"

namespace fwagent::core {

using dataplane::InterfaceState;

void InterfaceKeeper::Look() {
  const util::MutexLock work(&work_mutex_);
  LookAtAll();
}

void InterfaceKeeper::LookAtAll() {
  for (const InterfaceState& state : engine_->Interfaces()) LookAtGuard(state);
  std::set<std::string> guarded;
  for (const InterfaceState& state : engine_->Interfaces()) {
    guarded.insert(state.name);
  }
  const std::vector<std::string> devices = engine_->Devices();
  for (const std::string& name : devices) {
    if (!guarded.contains(name) && WishFor(name).kind == Wish::Kind::kGuard) {
      GuardAgain(name);
    }
  }
  MendPins();
  ForgetRecords(devices);
}

void InterfaceKeeper::LookAtGuard(const InterfaceState& state) {
  if (!state.renamed_to.empty()) return Follow(state);
  if (state.attached()) return;
  const absl::Status forgotten = engine_->Forget(state.name);
  NoteProblem(state.name, forgotten);
  if (forgotten.ok()) spdlog::warn("{}: {}", state.name, state.detail);
}

// The filter stays on the device: that it has another name is no reason to
// open it. What else the new name stands for is in force from here on.
void InterfaceKeeper::Follow(const InterfaceState& state) {
  const std::string& name = state.renamed_to;
  const auto result = engine_->Attach(name, ModeFor(name));
  NoteProblem(name, result.status());
  if (!result.ok()) return;
  NoteReleased(state.name);
  NoteGuarded(name);
  spdlog::info("{} is called {} now, and stays guarded", state.name, name);
}

void InterfaceKeeper::GuardAgain(const std::string& name) {
  const auto result = engine_->Attach(name, ModeFor(name));
  // It went again before it could be guarded.
  if (absl::IsNotFound(result.status())) return;
  NoteProblem(name, result.status());
  if (!result.ok()) return;
  bool again = false;
  {
    const util::MutexLock lock(&mutex_);
    Record& record = records_[name];
    again = record.guarded;
    // One that came back from another network namespace had its filter on.
    if (again && !result->taken_over) ++record.repairs;
  }
  NoteGuarded(name);
  const std::string& detail = result->state.detail;
  spdlog::info("{}: {} in {} mode{}", name,
               again ? "guarded again" : "attached",
               dataplane::ModeName(result->state.mode),
               detail.empty() ? "" : " (" + detail + ")");
}

void InterfaceKeeper::MendPins() {
  const dataplane::MendReport report = engine_->Mend();
  for (const dataplane::MendedPin& pin : report.mended) {
    spdlog::warn("{} was gone: pinned again", pin.path);
  }
  if (!report.damage.empty()) {
    spdlog::error(
        "somebody else wrote to the filter's tables: {}; they are "
        "written anew from the rules",
        report.damage);
  }
  const util::MutexLock lock(&mutex_);
  if (!report.damage.empty()) ++table_repairs_;
  for (const dataplane::MendedPin& pin : report.mended) {
    ++(pin.interface.empty() ? table_repairs_
                             : records_[pin.interface].repairs);
  }
  const std::string trouble(report.trouble.message());
  if (trouble_ == trouble) return;
  trouble_ = trouble;
  if (!trouble.empty()) {
    spdlog::critical("the filter works, but would end with this agent: {}",
                     trouble);
  } else {
    spdlog::warn("the pins are all there again");
  }
}

GuardReport InterfaceKeeper::Report() const {
  GuardReport report;
  std::set<std::string> said;
  const std::vector<std::string> devices = engine_->Devices();
  const std::vector<InterfaceState> states = engine_->Interfaces();
  const util::MutexLock lock(&mutex_);
  const auto say = [&](const InterfaceState& state) {
    mutex_.AssertHeld();
    if (!said.insert(state.name).second) return;
    const auto record = records_.find(state.name);
    report.interfaces.push_back(
        {state, record == records_.end() ? 0 : record->second.repairs});
  };
  for (const InterfaceState& state : states) say(state);
  std::vector<std::string> names = wishes_.Names();
  for (const auto& [name, record] : records_) names.push_back(name);
  for (const std::string& name : names) {
    const bool there = std::binary_search(devices.begin(), devices.end(), name);
    const Wish wish = wishes_.Of(name);
    // What only a pattern speaks of is worth a word while it is there.
    if (wish.kind == Wish::Kind::kNone || (!there && !wish.by_name)) continue;
    const auto record = records_.find(name);
    std::string detail =
        "there is no such interface: it will be guarded as "
        "soon as it appears";
    if (wish.kind == Wish::Kind::kRelease) {
      detail = absl::StrCat("taken off by ", wish.origin);
    } else if (record != records_.end() && !record->second.problem.empty()) {
      detail = record->second.problem;
    } else if (there) {
      detail = "about to be guarded";
    }
    say({.name = name, .detail = detail});
  }
  std::sort(
      report.interfaces.begin(), report.interfaces.end(),
      [](const auto& a, const auto& b) { return a.state.name < b.state.name; });
  report.table_repairs = table_repairs_;
  report.trouble = trouble_;
  return report;
}

}  // namespace fwagent::core
