// What the log says of changes.
#ifndef FWAGENT_AGENT_CORE_CHANGE_LOG_H_
#define FWAGENT_AGENT_CORE_CHANGE_LOG_H_

#include <cstdint>
#include <vector>

#include "agent/core/change.h"
#include "agent/core/plan.h"
#include "agent/policy/named_set.h"

namespace fwagent::core {

// One line for a change that came to these steps, of which there is one.
void LogChange(const std::vector<Step>& steps, const Change& change,
               std::uint64_t generation);
// The same for a set.
void LogSetChange(const policy::SetOutcome& set, const Change& change,
                  std::uint64_t generation);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_CHANGE_LOG_H_
