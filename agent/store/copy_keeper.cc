#include "agent/store/copy_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace fwagent::store {
namespace {

constexpr std::size_t kManyChanges = 1000;
constexpr absl::Duration kAfterMany = absl::Minutes(1);
constexpr absl::Duration kAfterAny = absl::Minutes(5);
constexpr int kShareOfTime = 50;

}  // namespace

bool CopyKeeper::IsDue(std::size_t changes, absl::Duration since_last,
                       absl::Duration last_took) {
  if (changes == 0) return false;
  const absl::Duration wait = changes < kManyChanges ? kAfterAny : kAfterMany;
  return since_last >= std::max(wait, kShareOfTime * last_took);
}

CopyKeeper::CopyKeeper(absl::Duration period, Writer write)
    : period_(period), write_(std::move(write)), thread_([this] { Run(); }) {}

CopyKeeper::~CopyKeeper() {
  {
    const util::MutexLock lock(&mutex_);
    stopping_ = true;
    give_up_ = true;
    wake_.Signal();
  }
  thread_.join();
}

void CopyKeeper::Run() {
  // Time that stands still while the machine sleeps is good enough here.
  using Clock = std::chrono::steady_clock;
  bool first = true;
  absl::Duration took = absl::ZeroDuration();
  Clock::time_point last = Clock::now();
  while (true) {
    {
      const util::MutexLock lock(&mutex_);
      if (!stopping_) wake_.WaitFor(&mutex_, period_);
      if (stopping_) return;
      give_up_ = false;
    }
    const Clock::time_point now = Clock::now();
    if (!first && !IsDue(changes_, absl::FromChrono(now - last), took)) {
      continue;
    }
    const std::size_t copied = changes_;
    const absl::Status written = write_(give_up_);
    if (absl::IsCancelled(written)) continue;
    Report(written);
    if (written.ok()) changes_ -= copied;
    first = false;
    last = Clock::now();
    took = absl::FromChrono(last - now);
  }
}

// A problem is said once, however often it is met.
void CopyKeeper::Report(const absl::Status& written) {
  const std::string problem(written.message());
  if (written.ok()) spdlog::debug("wrote a copy of the rules on disk");
  if (problem == last_problem_) return;
  last_problem_ = problem;
  if (written.ok()) {
    spdlog::info("copies of the rules on disk are written again");
  } else {
    spdlog::error("no copy of the rules on disk could be written: {}", problem);
  }
}

}  // namespace fwagent::store
