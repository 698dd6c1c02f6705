// The one table from SQLite's result codes to absl::Status.
#ifndef FWAGENT_AGENT_STORE_SQLITE_STATUS_H_
#define FWAGENT_AGENT_STORE_SQLITE_STATUS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

struct sqlite3;

namespace fwagent::store {

// What the last call on this connection, which returned `code`, means for the
// user: names the file and says what to do. OK for OK. Looks at errno, which
// the caller must have set to zero before that call: SQLite's own record of it
// misses the failures of a commit.
absl::Status SqliteStatus(sqlite3* connection, int code);

// DATA_LOSS: the content of the file cannot be trusted.
absl::Status DamagedError(const std::string& file, std::string_view what);

// UNAVAILABLE: the disk does not do what it is told.
absl::Status DiskFailedError(const std::string& file, std::string_view why);

// What errno means when a file cannot be opened or looked at.
absl::Status OpenError(const std::string& file, int error);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SQLITE_STATUS_H_
