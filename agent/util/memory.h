// Memory that is no longer needed.
#ifndef FWAGENT_AGENT_UTIL_MEMORY_H_
#define FWAGENT_AGENT_UTIL_MEMORY_H_

namespace fwagent::util {

// Gives the pages that nothing lies in back to the kernel, which the allocator
// does not do by itself where something is left behind them. Takes some
// milliseconds: for after work on a million things.
void ReturnFreeMemory();

}  // namespace fwagent::util

#endif  // FWAGENT_AGENT_UTIL_MEMORY_H_
