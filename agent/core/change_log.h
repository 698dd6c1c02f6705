// What the log says of changes.
#ifndef FWAGENT_AGENT_CORE_CHANGE_LOG_H_
#define FWAGENT_AGENT_CORE_CHANGE_LOG_H_

#include <cstdint>

#include "agent/store/store.h"

namespace fwagent::core {

// One line.
void LogChange(const store::HistoryEntry& entry);
// It must be confirmed.
void LogUnconfirmed(const store::Unconfirmed& what);
// An unconfirmed generation has ended without a change.
void LogNothingLeft(std::uint64_t generation);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_CHANGE_LOG_H_
