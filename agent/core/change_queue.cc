#include "agent/core/change_queue.h"

#include <utility>

namespace fwagent::core {

absl::StatusOr<ChangeResult> ChangeQueue::Run(const Change& change,
                                              Worker work) {
  Waiting own;
  own.change = &change;
  std::deque<Waiting*> group;
  {
    const util::MutexLock lock(&mutex_);
    waiting_.push_back(&own);
    while (!own.done && (at_work_ || waiting_.front() != &own)) {
      own.wake.Wait(&mutex_);
    }
    if (own.done) return std::move(own.result);
    at_work_ = true;
    group.swap(waiting_);
  }
  work(Group(group.begin(), group.end()));

  const util::MutexLock lock(&mutex_);
  at_work_ = false;
  for (Waiting* member : group) {
    member->done = true;
    if (member != &own) member->wake.Signal();
  }
  if (!waiting_.empty()) waiting_.front()->wake.Signal();
  return std::move(own.result);
}

std::size_t ChangeQueue::size() const {
  const util::MutexLock lock(&mutex_);
  return waiting_.size();
}

}  // namespace fwagent::core
