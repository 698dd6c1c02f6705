#include "agent/service/policy_watch.h"

namespace fwagent::service {

PolicyWatch::PolicyWatch(PolicyFiles* files, absl::Duration period)
    : files_(files), period_(period), thread_([this] { Run(); }) {}

PolicyWatch::~PolicyWatch() {
  {
    const util::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  ends_.Signal();
  thread_.join();
}

void PolicyWatch::Run() {
  while (true) {
    files_->Look();
    const util::MutexLock lock(&mutex_);
    if (!stopped_) ends_.WaitFor(&mutex_, period_);
    if (stopped_) return;
  }
}

}  // namespace fwagent::service
