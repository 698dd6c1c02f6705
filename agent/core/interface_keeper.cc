#include "agent/core/interface_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"
#include "agent/util/name_pattern.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using dataplane::AttachMode;
using dataplane::InterfaceState;
using dataplane::ModePreference;

// Interfaces that came and went: more than this are not remembered.
constexpr std::size_t kMaxRecords = 1024;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void LogAttached(const dataplane::AttachResult& result) {
  const InterfaceState& state = result.state;
  spdlog::info("{}: {} in {} mode{}", state.name,
               result.taken_over ? "took over the running filter" : "attached",
               dataplane::ModeName(state.mode),
               state.detail.empty() ? "" : " (" + state.detail + ")");
}

std::vector<std::string> NamesOnly(const std::vector<std::string>& texts) {
  std::vector<std::string> names;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(names),
               [](const std::string& text) { return !util::IsPattern(text); });
  return names;
}

bool MeansAny(const std::vector<std::string>& patterns,
              const std::string& name) {
  return std::any_of(
      patterns.begin(), patterns.end(),
      [&name](const auto& pattern) { return util::Matches(pattern, name); });
}

}  // namespace

absl::Status InterfaceKeeper::Start() {
  const util::MutexLock work(&work_mutex_);
  std::vector<std::string> names;
  {
    const util::MutexLock lock(&mutex_);
    names = wishes_.Names();
  }
  FW_RETURN_IF_ERROR(AttachAll(names, std::nullopt, "a start that failed"));
  TakeOverTheRest();
  LookAtAll();
  return absl::OkStatus();
}

// All of them or none: what this attached before one failed is taken off
// again, since nobody else would. What is attached already is taken over.
absl::Status InterfaceKeeper::AttachAll(const std::vector<std::string>& names,
                                        std::optional<ModePreference> mode,
                                        const std::string& undone_by) {
  std::vector<std::string> attached;
  for (const std::string& name : names) {
    const auto result =
        engine_->Attach(name, mode.has_value() ? *mode : ModeFor(name));
    if (!result.ok()) {
      if (attached.empty()) return result.status();
      const auto undone = engine_->Detach(attached, undone_by);
      util::WarnUnlessOk(undone.status());
      for (const std::string& undo : attached) NoteReleased(undo);
      return result.status();
    }
    LogAttached(*result);
    NoteGuarded(name);
    if (!result->taken_over) attached.push_back(name);
  }
  return absl::OkStatus();
}

// What an earlier run guarded and nobody has detached stays guarded, wanted or
// not: by this run's program, which knows where the rules are.
void InterfaceKeeper::TakeOverTheRest() {
  for (const InterfaceState& state : engine_->Interfaces()) {
    if (!state.attached() || !state.renamed_to.empty()) continue;
    {
      const util::MutexLock lock(&mutex_);
      if (records_[state.name].guarded) continue;
    }
    const auto result = engine_->Attach(state.name, ModeFor(state.name));
    NoteProblem(state.name, result.status());
    if (!result.ok()) continue;
    LogAttached(*result);
    NoteGuarded(state.name);
  }
}

absl::StatusOr<std::vector<InterfaceReport>> InterfaceKeeper::Attach(
    const AttachRequest& request) {
  const util::MutexLock work(&work_mutex_);
  FW_RETURN_IF_ERROR(CheckAttach(request, engine_->Devices()));
  FW_RETURN_IF_ERROR(AttachAll(NamesOnly(request.interfaces), request.mode,
                               "an attach that failed"));
  {
    const util::MutexLock lock(&mutex_);
    if (request.interfaces.empty()) wishes_.AttachConfigured();
    for (const std::string& pattern : request.interfaces) {
      wishes_.Attach(pattern, request.mode, request.origin);
    }
  }
  LookAtAll();
  std::vector<InterfaceReport> meant;
  for (InterfaceReport& report : Report().interfaces) {
    if (request.interfaces.empty() ||
        MeansAny(request.interfaces, report.state.name)) {
      meant.push_back(std::move(report));
    }
  }
  return meant;
}

// What would be refused later is refused before anything is done.
absl::Status InterfaceKeeper::CheckAttach(
    const AttachRequest& request,
    const std::vector<std::string>& devices) const {
  for (const std::string& name : NamesOnly(request.interfaces)) {
    if (!Contains(devices, name)) {
      return dataplane::NoSuchInterface(name, devices);
    }
  }
  if (!request.mode.has_value() || *request.mode == ModePreference::kAuto) {
    return absl::OkStatus();
  }
  const AttachMode wanted = *request.mode == ModePreference::kNative
                                ? AttachMode::kNative
                                : AttachMode::kGeneric;
  for (const InterfaceState& state : engine_->Interfaces()) {
    if (state.attached() && state.mode != wanted &&
        MeansAny(request.interfaces, state.name)) {
      return dataplane::AttachedInOtherMode(state.name, state.mode, wanted);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> InterfaceKeeper::Detach(
    const std::vector<std::string>& interfaces, const std::string& origin) {
  const util::MutexLock work(&work_mutex_);
  std::vector<std::string> guarded;
  for (const InterfaceState& state : engine_->Interfaces()) {
    if (interfaces.empty() || MeansAny(interfaces, state.name)) {
      guarded.push_back(state.name);
    }
  }
  std::vector<std::string> released = guarded;
  for (const std::string& name : NamesOnly(interfaces)) {
    if (Contains(released, name)) continue;
    // One that is only waited for is released too.
    if (WishFor(name).kind != Wish::Kind::kGuard) guarded.push_back(name);
    released.push_back(name);
  }
  if (!guarded.empty()) {
    FW_RETURN_IF_ERROR(engine_->Detach(guarded, origin).status());
  }
  std::sort(released.begin(), released.end());
  for (const std::string& name : released) NoteReleased(name);
  const util::MutexLock lock(&mutex_);
  if (interfaces.empty()) wishes_.DetachAll(origin);
  for (const std::string& name : interfaces) wishes_.Detach(name, origin);
  return released;
}

Wish InterfaceKeeper::WishFor(const std::string& name) const {
  const util::MutexLock lock(&mutex_);
  return wishes_.Of(name);
}

ModePreference InterfaceKeeper::ModeFor(const std::string& name) const {
  const Wish wish = WishFor(name);
  return wish.mode.has_value() ? *wish.mode : mode_of_(name);
}

void InterfaceKeeper::NoteGuarded(const std::string& name) {
  const util::MutexLock lock(&mutex_);
  records_[name].guarded = true;
  records_[name].problem.clear();
}

void InterfaceKeeper::NoteReleased(const std::string& name) {
  const util::MutexLock lock(&mutex_);
  records_[name].guarded = false;
  records_[name].problem.clear();
}

// Said once, however often it is met.
void InterfaceKeeper::NoteProblem(const std::string& name,
                                  const absl::Status& status) {
  const std::string problem(status.message());
  {
    const util::MutexLock lock(&mutex_);
    std::string& known = records_[name].problem;
    if (known == problem) return;
    known = problem;
  }
  if (!problem.empty()) spdlog::error("{} is not guarded: {}", name, problem);
}

void InterfaceKeeper::ForgetRecords(const std::vector<std::string>& devices) {
  const util::MutexLock lock(&mutex_);
  for (auto& [name, record] : records_) {
    if (!Contains(devices, name)) record.problem.clear();
  }
  if (records_.size() <= kMaxRecords) return;
  std::erase_if(records_, [&devices](const auto& entry) {
    return !Contains(devices, entry.first);
  });
}

}  // namespace fwagent::core
