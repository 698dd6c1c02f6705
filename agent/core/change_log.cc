#include "agent/core/change_log.h"

#include <spdlog/spdlog.h>

namespace fwagent::core {

void LogChange(const store::HistoryEntry& entry) {
  spdlog::info("{}: generation {}, asked by {}", entry.summary,
               entry.generation, entry.origin);
}

}  // namespace fwagent::core
