#include "agent/core/expiry_worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

// Between two removals, so that many ends cost few commits.
constexpr absl::Duration kGathering = absl::Seconds(1);
constexpr absl::Duration kFirstPatience = absl::Seconds(1);
constexpr absl::Duration kMostPatience = absl::Minutes(1);

}  // namespace

ExpiryWorker::ExpiryWorker(Engine* engine, std::unique_ptr<ExpiryTimer> timer)
    : engine_(engine), timer_(std::move(timer)) {
  engine_->OnEarlierDeadline([this] { timer_->Wake(); });
  thread_ = std::thread([this] { Run(); });
}

ExpiryWorker::~ExpiryWorker() {
  engine_->OnEarlierDeadline(nullptr);
  timer_->Stop();
  thread_.join();
}

void ExpiryWorker::Run() {
  policy::Deadline next = policy::kNever;
  do {
    next = NextTurn(Work());
  } while (timer_->Wait(next));
}

absl::Status ExpiryWorker::Work() {
  absl::Status worked;
  // At first, as it may make room for what comes back.
  if (const auto removal = engine_->RemovalOfEnded()) {
    worked = engine_->Apply(*removal).status();
  }
  if (const auto take_back = engine_->TakeBackOfOverdue()) {
    worked.Update(engine_->Apply(*take_back).status());
  }
  FW_RETURN_IF_ERROR(worked);
  return engine_->RefreshExpiry();
}

policy::Deadline ExpiryWorker::NextTurn(const absl::Status& worked) {
  const Moment now = engine_->Now();
  if (worked.ok()) {
    if (patience_ > absl::ZeroDuration()) {
      spdlog::info("what has ended, or was not confirmed, is taken away again");
    }
    patience_ = absl::ZeroDuration();
    return std::min(
        engine_->NextConfirmation(),
        std::max(engine_->NextDeadline(), now.DeadlineIn(kGathering)));
  }
  if (patience_ == absl::ZeroDuration()) {
    spdlog::error(
        "what has ended, or was not confirmed, cannot be taken away yet; what "
        "has ended is kept unlisted; trying again: {}",
        std::string(worked.message()));
  }
  patience_ = std::clamp(2 * patience_, kFirstPatience, kMostPatience);
  return now.DeadlineIn(patience_);
}

}  // namespace fwagent::core
