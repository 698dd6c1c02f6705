// The thread that looks at files with documents.
#ifndef FWAGENT_AGENT_SERVICE_POLICY_WATCH_H_
#define FWAGENT_AGENT_SERVICE_POLICY_WATCH_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "agent/service/policy_files.h"
#include "agent/util/mutex.h"

namespace fwagent::service {

// From construction to destruction, every second: that finds all kinds of
// change, on every filesystem, for the price of a few stat(2). `files` must
// outlive it.
class PolicyWatch {
 public:
  explicit PolicyWatch(PolicyFiles* files,
                       absl::Duration period = absl::Seconds(1));
  ~PolicyWatch();

  PolicyWatch(const PolicyWatch&) = delete;
  PolicyWatch& operator=(const PolicyWatch&) = delete;

 private:
  void Run();

  PolicyFiles* const files_;
  const absl::Duration period_;
  util::Mutex mutex_;
  util::CondVar ends_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_POLICY_WATCH_H_
