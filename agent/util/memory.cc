#include "agent/util/memory.h"

#include <malloc.h>

namespace fwagent::util {

void ReturnFreeMemory() { malloc_trim(0); }

}  // namespace fwagent::util
