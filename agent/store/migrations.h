// The statements that bring a state file from one version to the next.
#ifndef FWAGENT_AGENT_STORE_MIGRATIONS_H_
#define FWAGENT_AGENT_STORE_MIGRATIONS_H_

#include <span>

namespace fwagent::store {

// SQL; what it may call beside SQLite's own functions is fw_checksum of
// checksum.h. There are as many as this version's number.
std::span<const char* const> Migrations();

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_MIGRATIONS_H_
