// Keeps every wanted interface under guard, whatever happens to it.
#ifndef FWAGENT_AGENT_CORE_INTERFACE_KEEPER_H_
#define FWAGENT_AGENT_CORE_INTERFACE_KEEPER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/core/engine.h"
#include "agent/core/interface_wishes.h"
#include "agent/util/mutex.h"

namespace fwagent::core {

struct InterfaceReport {
  dataplane::InterfaceState state;
  // How often the filter, or its pin, had to be put back in this run.
  std::uint64_t repairs = 0;
};

struct GuardReport {
  std::vector<InterfaceReport> interfaces;  // in order of name
  // Pins of tables that were put back, and times that tables were written anew.
  std::uint64_t table_repairs = 0;
  std::string trouble;  // what cannot be put back, and the remedy; else empty
};

// Look compares what is wanted with what the kernel has, and mends the
// difference; it is called whenever something may have changed. Thread-safe.
class InterfaceKeeper {
 public:
  using ModeOf = std::function<dataplane::ModePreference(const std::string&)>;

  struct AttachRequest {
    // Names and patterns; empty: what the configuration says, and nothing else.
    std::vector<std::string> interfaces;
    std::optional<dataplane::ModePreference> mode;  // none: the configured one
    std::string origin;
  };

  // `mode_of` says how the configuration wants an interface attached.
  // `engine` must outlive the keeper.
  InterfaceKeeper(Engine* engine, std::vector<std::string> configured,
                  ModeOf mode_of)
      : engine_(engine),
        mode_of_(std::move(mode_of)),
        wishes_(std::move(configured)) {}

  // Guards what is configured and takes over what an earlier run guarded. An
  // interface that is configured by its name must be there; on error all that
  // this call attached is off again, and what ran before goes on.
  absl::Status Start();

  // Guards interfaces until the agent ends or they are detached. NOT_FOUND:
  // one that is named is not there; FAILED_PRECONDITION: one that is named
  // cannot be guarded, or is guarded in another mode; then nothing was
  // changed. Returns what became of every interface that is meant.
  absl::StatusOr<std::vector<InterfaceReport>> Attach(
      const AttachRequest& request);

  // Takes the filter off, and keeps it off until Attach or the next start;
  // without names, everywhere. NOT_FOUND: one that is named is not guarded;
  // then nothing was changed. Returns the names that are no longer guarded.
  absl::StatusOr<std::vector<std::string>> Detach(
      const std::vector<std::string>& interfaces, const std::string& origin);

  void Look();

  GuardReport Report() const;

 private:
  struct Record {
    bool guarded = false;  // and so missed when it is not any more
    std::uint64_t repairs = 0;
    std::string problem;  // why it cannot be guarded
  };

  // These are for one thread at a time.
  absl::Status AttachAll(const std::vector<std::string>& names,
                         std::optional<dataplane::ModePreference> mode,
                         const std::string& undone_by)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_);
  absl::Status CheckAttach(const AttachRequest& request,
                           const std::vector<std::string>& devices) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_);
  void TakeOverTheRest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_);
  void LookAtAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_);
  void LookAtGuard(const dataplane::InterfaceState& state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_);
  void Follow(const dataplane::InterfaceState& state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_);
  void GuardAgain(const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_);
  void MendPins() ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_);

  Wish WishFor(const std::string& name) const ABSL_LOCKS_EXCLUDED(mutex_);
  dataplane::ModePreference ModeFor(const std::string& name) const;
  void NoteGuarded(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);
  void NoteReleased(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);
  void NoteProblem(const std::string& name, const absl::Status& status)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void ForgetRecords(const std::vector<std::string>& devices)
      ABSL_LOCKS_EXCLUDED(mutex_);

  Engine* const engine_;
  const ModeOf mode_of_;

  // Held by the one look, attach or detach at work, over the kernel.
  util::Mutex work_mutex_;
  // Guards what Report reads; never held over a wait.
  mutable util::Mutex mutex_ ABSL_ACQUIRED_AFTER(work_mutex_);
  InterfaceWishes wishes_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Record> records_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t table_repairs_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_INTERFACE_KEEPER_H_
