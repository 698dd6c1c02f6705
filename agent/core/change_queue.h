// Lets callers that come at the same time share one trip to the disk.
#ifndef FWAGENT_AGENT_CORE_CHANGE_QUEUE_H_
#define FWAGENT_AGENT_CORE_CHANGE_QUEUE_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/util/mutex.h"

namespace fwagent::core {

// A change that waits, and its answer.
struct QueuedChange {
  const Change* change = nullptr;
  absl::StatusOr<ChangeResult> result;
};

// Group commit: while one group of changes is at work, the next one gathers,
// and whoever is first in it does the work for all of them. Thread-safe.
class ChangeQueue {
 public:
  // In the order of their arrival; never empty.
  using Group = std::vector<QueuedChange*>;
  using Worker = absl::FunctionRef<void(const Group&)>;

  // Returns the answer that `work` gave to this change, in this thread or in
  // that of another caller. One group is at work at a time.
  absl::StatusOr<ChangeResult> Run(const Change& change, Worker work);

  // Those that wait for the group at work.
  std::size_t size() const;

 private:
  struct Waiting : QueuedChange {
    util::CondVar wake;
    bool done = false;
  };

  mutable util::Mutex mutex_;
  std::deque<Waiting*> waiting_ ABSL_GUARDED_BY(mutex_);
  bool at_work_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_CHANGE_QUEUE_H_
