// A mutex that both clang's thread-safety analysis and ThreadSanitizer see.
// Debian's archive of Abseil is not instrumented, so ThreadSanitizer takes
// everything under an absl::Mutex for a race.
#ifndef FWAGENT_AGENT_UTIL_MUTEX_H_
#define FWAGENT_AGENT_UTIL_MUTEX_H_

#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

namespace fwagent::util {

class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }
  // Tells the analysis what it cannot see; costs nothing.
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {}

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Lets a thread wait for another that changes what a mutex guards.
class CondVar {
 public:
  // Gives the mutex up for the wait. May return without a signal.
  void Wait(Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    variable_.wait(lock);
    lock.release();
  }
  // The same, for no longer than this. False: the time is over.
  bool WaitFor(Mutex* mutex, absl::Duration longest)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    const auto end =
        variable_.wait_for(lock, absl::ToChronoNanoseconds(longest));
    lock.release();
    return end == std::cv_status::no_timeout;
  }
  void Signal() { variable_.notify_one(); }

 private:
  std::condition_variable variable_;
};

// Holds a mutex for a scope.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : mutex_(mutex) {
    mutex_->Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

}  // namespace fwagent::util

#endif  // FWAGENT_AGENT_UTIL_MUTEX_H_
