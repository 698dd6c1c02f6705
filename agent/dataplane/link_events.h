// The seam through which the agent hears that something happened to the network
// interfaces. LinkWatcher listens to the kernel; tests have a fake.
#ifndef FWAGENT_AGENT_DATAPLANE_LINK_EVENTS_H_
#define FWAGENT_AGENT_DATAPLANE_LINK_EVENTS_H_

#include "absl/time/time.h"

namespace fwagent::dataplane {

// What a wait ended with. There is no more to it: whoever hears that something
// changed looks at everything, so that no change can be missed or mistaken.
enum class LinkEvent {
  kChanged,  // interfaces came, went, or are not what they were
  kLost,     // so much changed that the kernel dropped some of the messages
  kQuiet,    // nothing, for the whole of the wait
  kStopped,  // Stop was called
};

// Wait is for one thread, Stop for any.
class LinkEvents {
 public:
  virtual ~LinkEvents() = default;

  // Waits for changes since the last call, and takes all that there are.
  virtual LinkEvent Wait(absl::Duration timeout) = 0;

  // Ends the wait, and every later one.
  virtual void Stop() = 0;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_LINK_EVENTS_H_
