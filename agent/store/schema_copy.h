// What an upgrade of the state file keeps of it, so that there is a way back.
#ifndef FWAGENT_AGENT_STORE_SCHEMA_COPY_H_
#define FWAGENT_AGENT_STORE_SCHEMA_COPY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/state_directory.h"

namespace fwagent::store {

// Copies a state file whose tables are of this older version, and are about to
// be brought up to date, to fwagent.db.schema-<version>, which an agent of then
// can take for its state file. It is on disk when this returns OK, and nobody
// deletes it; the next upgrade from this version writes it anew.
//
// An error refuses the start, whatever it is. Nothing was touched, the filter
// stays in force, and the older agent still works, which is what one wants
// whose upgrade goes wrong. To go on without the copy would take the way back
// away unasked, on a disk that has no room for the upgrade itself either; to
// run read-only, as on a disk that cannot be read, would offer the recovery of
// a store that is sound.
absl::Status KeepSchemaCopy(SqliteDatabase& database, std::int64_t version,
                            const StateDirectory& directory);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SCHEMA_COPY_H_
