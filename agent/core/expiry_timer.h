// The seam through which time passes for the thread that takes ended rules
// away. BootTimer has the kernel's clocks; tests have a fake.
#ifndef FWAGENT_AGENT_CORE_EXPIRY_TIMER_H_
#define FWAGENT_AGENT_CORE_EXPIRY_TIMER_H_

#include "agent/policy/deadline.h"

namespace fwagent::core {

// Wait is for one thread, the others for any.
class ExpiryTimer {
 public:
  virtual ~ExpiryTimer() = default;

  // Waits for the deadline, for Wake, or for somebody to set the wall clock;
  // what happened since the last call counts. May return without a cause. False
  // once Stop was called.
  virtual bool Wait(policy::Deadline until) = 0;

  // Ends the wait, or the next one.
  virtual void Wake() = 0;
  // Ends the wait, and every later one.
  virtual void Stop() = 0;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_EXPIRY_TIMER_H_
