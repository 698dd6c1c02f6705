// What the log says of changes.
#ifndef FWAGENT_AGENT_CORE_CHANGE_LOG_H_
#define FWAGENT_AGENT_CORE_CHANGE_LOG_H_

#include "agent/store/store.h"

namespace fwagent::core {

// One line.
void LogChange(const store::HistoryEntry& entry);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_CHANGE_LOG_H_
