#include "client/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fwagent::client {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(200);
// Back to the first column, and the rest of the line away.
constexpr char kClearLine[] = "\r\x1b[K";

}  // namespace

std::string ProgressText(const std::string& phase, std::uint64_t done,
                         std::uint64_t total) {
  constexpr std::uint64_t kWidth = 30;
  if (total == 0) return absl::StrCat(phase, " ...");
  const std::uint64_t filled = std::min(done, total) * kWidth / total;
  return absl::StrFormat("%-10s [%s%s] %3d%%", phase, std::string(filled, '#'),
                         std::string(kWidth - filled, '.'),
                         std::min(done, total) * 100 / total);
}

Progress::Progress(std::ostream* terminal, absl::Duration delay)
    : terminal_(terminal), delay_(delay) {
  if (terminal_ != nullptr) thread_ = std::thread([this] { Run(); });
}

Progress::~Progress() {
  if (terminal_ == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    at_end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void Progress::Begin(const std::string& phase, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  phase_ = phase;
  done_ = 0;
  total_ = total;
}

void Progress::Advance(std::uint64_t by) {
  const std::lock_guard lock(mutex_);
  done_ += by;
}

void Progress::Run() {
  std::unique_lock lock(mutex_);
  bool shown = false;
  absl::Duration wait = delay_;
  while (!ended_.wait_for(lock, absl::ToChronoNanoseconds(wait),
                          [this] { return at_end_; })) {
    *terminal_ << kClearLine << ProgressText(phase_, done_, total_)
               << std::flush;
    shown = true;
    wait = kRedraw;
  }
  if (shown) *terminal_ << kClearLine << std::flush;
}

}  // namespace fwagent::client
