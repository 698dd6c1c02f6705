// Failsafe entries as the program has them.
#ifndef FWAGENT_AGENT_DATAPLANE_FAILSAFE_IMAGE_H_
#define FWAGENT_AGENT_DATAPLANE_FAILSAFE_IMAGE_H_

#include "agent/policy/failsafe.h"
#include "bpf/fw_abi.h"

namespace fwagent::dataplane {

fw_failsafe_entry FailsafeImage(const policy::FailsafeEntry& entry);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_FAILSAFE_IMAGE_H_
