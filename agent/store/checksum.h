// Checksums of rows: SQLite alone does not see a flipped bit inside of one.
#ifndef FWAGENT_AGENT_STORE_CHECKSUM_H_
#define FWAGENT_AGENT_STORE_CHECKSUM_H_

struct sqlite3;

namespace fwagent::store {

// Makes fw_checksum(value, ...) known to this connection: CRC-32 over types,
// lengths and contents, 0 to 2^32 - 1. Returns SQLite's result code.
//
// What is in state files depends on it: never to be changed.
int AddChecksumFunction(sqlite3* connection);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_CHECKSUM_H_
