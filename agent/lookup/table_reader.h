// Reading a table back from memory alone.
#ifndef FWAGENT_AGENT_LOOKUP_TABLE_READER_H_
#define FWAGENT_AGENT_LOOKUP_TABLE_READER_H_

#include <vector>

#include "agent/lookup/address.h"
#include "agent/lookup/line_memory.h"
#include "agent/lookup/statements.h"

namespace fwagent::lookup {

// A prefix and what is said of the addresses in it.
template <typename Address>
struct Finding {
  Key<Address> key;
  Fold fold;  // with the number that the table gives its rule
};

// The table that is in force, as prefixes that together say the same of every
// address: each says of the addresses that are in no longer one all that there
// is to say. Neighbours that say the same have become one. Nobody writes
// meanwhile.
template <typename Address>
std::vector<Finding<Address>> ReadTable(LineMemory& memory);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_TABLE_READER_H_
