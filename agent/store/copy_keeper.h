// When a copy of the state file is written.
#ifndef FWAGENT_AGENT_STORE_COPY_KEEPER_H_
#define FWAGENT_AGENT_STORE_COPY_KEEPER_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/util/mutex.h"

namespace fwagent::store {

// Writes a copy soon after it was made, and from then on some time after
// changes: five minutes, or one when there were a thousand of them. Large
// stores are copied less often, so that it never takes more than a fiftieth of
// the time. Works in a thread of its own; thread-safe.
class CopyKeeper {
 public:
  // Writes one; gives up with CANCELLED when it sees its argument true.
  using Writer = std::function<absl::Status(const std::atomic<bool>&)>;

  // A period after the other it looks whether a copy is due.
  CopyKeeper(absl::Duration period, Writer write);
  // Gives up a copy at work, and waits for that.
  ~CopyKeeper();

  CopyKeeper(const CopyKeeper&) = delete;
  CopyKeeper& operator=(const CopyKeeper&) = delete;

  void NoteChanges(std::size_t count) { changes_ += count; }

  // Gives up a copy at work, which is done again later.
  void MakeWay() { give_up_ = true; }

  // Whether a copy is due.
  static bool IsDue(std::size_t changes, absl::Duration since_last,
                    absl::Duration last_took);

 private:
  void Run();
  void Report(const absl::Status& written);

  const absl::Duration period_;
  const Writer write_;
  std::atomic<std::size_t> changes_ = 0;  // that no copy has
  std::atomic<bool> give_up_ = false;

  // Of the thread.
  std::string last_problem_;

  util::Mutex mutex_;
  util::CondVar wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: uses the others
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_COPY_KEEPER_H_
