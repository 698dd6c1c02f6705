// The last good copy of the state file.
#ifndef FWAGENT_AGENT_STORE_STORE_COPY_H_
#define FWAGENT_AGENT_STORE_STORE_COPY_H_

#include <atomic>

#include "absl/status/status.h"
#include "agent/store/state_directory.h"

namespace fwagent::store {

// Copies the state file, which is in use, checks the copy as a start would, and
// lets it take the place of the one before. Changes go on meanwhile. CANCELLED
// soon after `stop` becomes true; RESOURCE_EXHAUSTED: the disk is too full to
// spend space on copies. On error the copy before stays.
absl::Status WriteCopy(const StateDirectory& directory,
                       const std::atomic<bool>& stop);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_STORE_COPY_H_
