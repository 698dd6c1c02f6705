#include "agent/core/interface_watch.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace fwagent::core {

using dataplane::LinkEvent;

InterfaceWatch::InterfaceWatch(InterfaceKeeper* keeper,
                               std::unique_ptr<dataplane::LinkEvents> events,
                               absl::Duration period)
    : keeper_(keeper),
      events_(std::move(events)),
      period_(period),
      thread_([this] { Run(); }) {}

InterfaceWatch::~InterfaceWatch() {
  events_->Stop();
  thread_.join();
}

void InterfaceWatch::Run() {
  while (true) {
    const LinkEvent event = events_->Wait(period_);
    if (event == LinkEvent::kStopped) return;
    if (event == LinkEvent::kLost) {
      spdlog::warn(
          "more happened to interfaces than the kernel could tell: looking at "
          "all of them");
    }
    keeper_->Look();
  }
}

}  // namespace fwagent::core
