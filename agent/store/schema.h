// The tables of the state file, and how older ones become today's.
#ifndef FWAGENT_AGENT_STORE_SCHEMA_H_
#define FWAGENT_AGENT_STORE_SCHEMA_H_

#include "absl/status/status.h"
#include "agent/store/sqlite_database.h"

namespace fwagent::store {

// Makes a file that was just opened ready for use: checks whose it is and that
// it is whole, then allows writes and brings the tables up to date. A file that
// is refused is not touched.
// FAILED_PRECONDITION: another program's file, or one of a newer agent.
// DATA_LOSS: the file is damaged.
absl::Status PrepareSchema(SqliteDatabase& database);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SCHEMA_H_
