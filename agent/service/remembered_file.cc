#include "agent/service/remembered_file.h"

#include "absl/time/clock.h"
#include "agent/service/host_files.h"

namespace fwagent::service {
namespace {

constexpr absl::Duration kLongest = absl::Seconds(1);

bool SameTime(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool SameState(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
         a.st_size == b.st_size && SameTime(a.st_mtim, b.st_mtim) &&
         SameTime(a.st_ctim, b.st_ctim);
}

}  // namespace

std::string RememberedFile::Read() {
  const util::MutexLock lock(&mutex_);
  struct stat state {};
  // Before it is read: what is written after that is seen the next time.
  if (stat(path_.c_str(), &state) != 0) {
    state_.reset();
    return "";
  }
  const absl::Time now = absl::Now();
  if (!state_.has_value() || !SameState(*state_, state) || now < since_ ||
      now - since_ > kLongest) {
    text_ = ReadHostFile(path_);
    state_ = state;
    since_ = now;
  }
  return text_;
}

}  // namespace fwagent::service
