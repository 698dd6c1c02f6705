// The text of a small file that is asked for often and changes seldom.
#ifndef FWAGENT_AGENT_SERVICE_REMEMBERED_FILE_H_
#define FWAGENT_AGENT_SERVICE_REMEMBERED_FILE_H_

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "agent/util/mutex.h"

namespace fwagent::service {

// Read anew when the file is another one, or has another size or time of
// change, and after a second whatever these say: clocks of file systems are
// coarse. Thread-safe.
class RememberedFile {
 public:
  explicit RememberedFile(std::string path) : path_(std::move(path)) {}

  // Empty when it cannot be read.
  std::string Read() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const std::string path_;
  util::Mutex mutex_;
  std::string text_ ABSL_GUARDED_BY(mutex_);
  std::optional<struct stat> state_ ABSL_GUARDED_BY(mutex_);
  absl::Time since_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_REMEMBERED_FILE_H_
