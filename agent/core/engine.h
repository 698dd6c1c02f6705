// The one way in: every change of the filter is applied here.
#ifndef FWAGENT_AGENT_CORE_ENGINE_H_
#define FWAGENT_AGENT_CORE_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/core/change.h"
#include "agent/dataplane/data_plane.h"
#include "agent/policy/rule_set.h"
#include "agent/store/store.h"
#include "agent/util/mutex.h"

namespace fwagent::core {

// Keeps list, disk and kernel in step. A change is validated, persisted,
// published and then acknowledged; when a step fails, the steps before it are
// undone and the error is returned. Thread-safe: changes wait for each other;
// readers of the list never wait for the disk or the kernel.
class Engine {
 public:
  using Clock = std::function<absl::Time()>;

  // Loads the store and makes the kernel's tables agree with it: what was
  // acknowledged is enforced, and nothing else. When there was no store yet,
  // the rules that the kernel already enforces are adopted instead.
  // `store` and `data_plane` must outlive the engine.
  static absl::StatusOr<std::unique_ptr<Engine>> Start(
      store::Store* store, dataplane::DataPlane* data_plane, Clock clock);

  // ALREADY_EXISTS, NOT_FOUND: the rule is, or is not, there.
  // RESOURCE_EXHAUSTED: the kernel's table or the disk is full.
  // INVALID_ARGUMENT: the request id was used for something else.
  // FAILED_PRECONDITION: an earlier failure could not be undone.
  absl::StatusOr<ChangeResult> Apply(const Change& change);

  // At most `limit` rules with ids above `after`.
  RulePage List(policy::RuleId after, std::size_t limit) const;

  // As DataPlane's methods of the same names. Nothing else attaches, detaches
  // or mends; which interfaces are wanted, InterfaceKeeper knows. Mend also
  // writes damaged tables anew.
  absl::StatusOr<dataplane::AttachResult> Attach(
      const std::string& interface, dataplane::ModePreference preference);
  absl::Status Forget(const std::string& interface);
  dataplane::MendReport Mend();
  std::vector<std::string> Devices() const;
  std::vector<dataplane::InterfaceState> Interfaces() const;

  // As DataPlane::Detach for each name, or for all interfaces when there are
  // none; a name that is not guarded fails the call before anything is done.
  // Returns the names that are no longer guarded.
  absl::StatusOr<std::vector<std::string>> Detach(
      const std::vector<std::string>& interfaces, const std::string& origin);

  EngineStatus GetStatus() const;
  absl::StatusOr<std::vector<policy::InterfaceCounters>> ReadCounters() const;

 private:
  Engine(store::Store* store, dataplane::DataPlane* data_plane, Clock clock)
      : store_(store), data_plane_(data_plane), clock_(std::move(clock)) {}

  absl::StatusOr<ChangeResult> PlanChange(const Change& change) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<ChangeResult> Persist(const Change& change,
                                       ChangeResult planned)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  absl::Status Publish(const Change& change, const policy::Rule& rule)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  void Acknowledge(const Change& change, const ChangeResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);

  store::Store* const store_;
  dataplane::DataPlane* const data_plane_;
  const Clock clock_;

  // Held by the one change at work, over disk and kernel.
  util::Mutex change_mutex_;
  // Why no further change is taken; OK while list, disk and kernel agree.
  absl::Status broken_ ABSL_GUARDED_BY(change_mutex_);
  // Somebody else wrote to the tables, and they could not be mended yet.
  bool tables_damaged_ ABSL_GUARDED_BY(change_mutex_) = false;

  // Guards what readers see; never held over a wait. Only Acknowledge writes.
  mutable util::Mutex mutex_ ABSL_ACQUIRED_AFTER(change_mutex_);
  policy::RuleSet rules_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
  policy::RuleId next_rule_id_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_ENGINE_H_
