// How a state file comes to be.
#ifndef FWAGENT_AGENT_STORE_NEW_FILE_H_
#define FWAGENT_AGENT_STORE_NEW_FILE_H_

#include "absl/status/status.h"
#include "agent/store/state_directory.h"

namespace fwagent::store {

// Makes the state file in this directory, with its tables, if it is missing. It
// gets its name when it is whole, so that one without content was never new.
// DATA_LOSS: the file is empty, or it is missing and its log or its last good
// copy is not.
absl::Status CreateIfMissing(const StateDirectory& directory);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_NEW_FILE_H_
