// The tables of the state file, and how older ones become today's.
#ifndef FWAGENT_AGENT_STORE_SCHEMA_H_
#define FWAGENT_AGENT_STORE_SCHEMA_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/store/sqlite_database.h"

namespace fwagent::store {

// The newest version of the tables, which this agent works with.
std::int64_t SchemaVersion();

// Checks whose file it is and that it is whole, and returns the version of its
// tables, 0 for none yet; nothing is written.
// FAILED_PRECONDITION: another program's file, or one of a newer agent.
// DATA_LOSS: the file is damaged.
absl::StatusOr<std::int64_t> CheckSchema(SqliteDatabase& database);

// Whether CheckSchema says that the file is one of a newer agent.
bool IsNewerSchema(const absl::Status& status);

// Called with the version of tables that are about to be brought up to date.
using BeforeUpgrade =
    std::function<absl::Status(SqliteDatabase& database, std::int64_t version)>;

// Makes a file that was just opened ready for use: checks it, then allows
// writes and brings the tables up to date. A file that is refused, by
// `before_upgrade` too, is not touched.
absl::Status PrepareSchema(SqliteDatabase& database,
                           const BeforeUpgrade& before_upgrade = nullptr);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SCHEMA_H_
