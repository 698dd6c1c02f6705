#include "agent/core/change_log.h"

#include <spdlog/spdlog.h>

namespace fwagent::core {

void LogChange(const store::HistoryEntry& entry) {
  spdlog::info("{}: generation {}, asked by {}", entry.summary,
               entry.generation, entry.origin);
}

void LogNothingLeft(std::uint64_t generation) {
  spdlog::info(
      "generation {} was not confirmed, and nothing of it is left to take back",
      generation);
}

}  // namespace fwagent::core
