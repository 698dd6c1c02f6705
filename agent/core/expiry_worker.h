// The thread that takes away rules and entries of sets that have ended, and
// changes that were not confirmed.
#ifndef FWAGENT_AGENT_CORE_EXPIRY_WORKER_H_
#define FWAGENT_AGENT_CORE_EXPIRY_WORKER_H_

#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/core/engine.h"
#include "agent/core/expiry_timer.h"

namespace fwagent::core {

// From construction to destruction. The kernel ends both by itself, to the
// tick; this gives back their room, in the store too, at most once a second for
// all that have ended by then. A change that was not confirmed in time it takes
// back at once. It also keeps the store's times of expiry right
// when the wall clock is set. What fails is tried again, in longer and longer
// intervals, and logged when it begins and when it ends.
class ExpiryWorker {
 public:
  // `engine` must outlive it.
  ExpiryWorker(Engine* engine, std::unique_ptr<ExpiryTimer> timer);
  ~ExpiryWorker();

  ExpiryWorker(const ExpiryWorker&) = delete;
  ExpiryWorker& operator=(const ExpiryWorker&) = delete;

 private:
  void Run();
  absl::Status Work();
  // When there will be something to do after work that ended so.
  policy::Deadline NextTurn(const absl::Status& worked);

  Engine* const engine_;
  const std::unique_ptr<ExpiryTimer> timer_;
  // Of the thread: how long to wait after a failure; zero after success.
  absl::Duration patience_;
  std::thread thread_;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_EXPIRY_WORKER_H_
