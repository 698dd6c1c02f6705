// Changes of interfaces that a test announces.
#ifndef FWAGENT_TESTS_SUPPORT_FAKE_LINK_EVENTS_H_
#define FWAGENT_TESTS_SUPPORT_FAKE_LINK_EVENTS_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "absl/time/time.h"
#include "agent/dataplane/link_events.h"

namespace fwagent::testing {

// Thread-safe.
class FakeLinkEvents : public dataplane::LinkEvents {
 public:
  // The next wait ends with this.
  void Announce(dataplane::LinkEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }

  dataplane::LinkEvent Wait(absl::Duration timeout) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout),
                      [this] { return stopped_ || !events_.empty(); });
    if (stopped_) return dataplane::LinkEvent::kStopped;
    if (events_.empty()) return dataplane::LinkEvent::kQuiet;
    const dataplane::LinkEvent event = events_.front();
    events_.pop_front();
    return event;
  }

  void Stop() override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<dataplane::LinkEvent> events_;
  bool stopped_ = false;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FAKE_LINK_EVENTS_H_
