// The thread that keeps the interfaces under guard.
#ifndef FWAGENT_AGENT_CORE_INTERFACE_WATCH_H_
#define FWAGENT_AGENT_CORE_INTERFACE_WATCH_H_

#include <memory>
#include <thread>

#include "absl/time/time.h"
#include "agent/core/interface_keeper.h"
#include "agent/dataplane/link_events.h"

namespace fwagent::core {

// From construction to destruction, lets the keeper look whenever something
// happened, and every second: what the kernel tells nobody is found then.
// `keeper` must outlive it.
class InterfaceWatch {
 public:
  InterfaceWatch(InterfaceKeeper* keeper,
                 std::unique_ptr<dataplane::LinkEvents> events,
                 absl::Duration period = absl::Seconds(1));
  ~InterfaceWatch();

  InterfaceWatch(const InterfaceWatch&) = delete;
  InterfaceWatch& operator=(const InterfaceWatch&) = delete;

 private:
  void Run();

  InterfaceKeeper* const keeper_;
  const std::unique_ptr<dataplane::LinkEvents> events_;
  const absl::Duration period_;
  std::thread thread_;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_INTERFACE_WATCH_H_
