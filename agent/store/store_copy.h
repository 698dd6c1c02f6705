// Copies of the state file.
#ifndef FWAGENT_AGENT_STORE_STORE_COPY_H_
#define FWAGENT_AGENT_STORE_STORE_COPY_H_

#include <atomic>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/state_directory.h"

namespace fwagent::store {

// Copies what `source` holds, with what is only in its log, to another file of
// the directory, under a name for unfinished ones. What is whole by `check`,
// which may leave files beside it, durably takes the place of an earlier copy;
// on error that one stays. Before each megabyte `go_on` is asked; CANCELLED
// when it says no.
absl::Status PlaceCopy(
    SqliteDatabase& source, const std::string& copy,
    const StateDirectory& directory, absl::FunctionRef<bool()> go_on,
    absl::FunctionRef<absl::Status(const std::string& file)> check);

// Copies the state file, which is in use, to the last good copy, which is
// checked as a start would. Changes go on meanwhile. CANCELLED
// soon after `stop` becomes true; RESOURCE_EXHAUSTED: the disk is too full to
// spend space on copies. On error the copy before stays.
absl::Status WriteCopy(const StateDirectory& directory,
                       const std::atomic<bool>& stop);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_STORE_COPY_H_
