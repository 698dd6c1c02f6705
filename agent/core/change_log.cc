#include "agent/core/change_log.h"

#include <spdlog/spdlog.h>

#include "absl/time/time.h"

namespace fwagent::core {

void LogChange(const store::HistoryEntry& entry) {
  spdlog::info("{}: generation {}, asked by {}", entry.summary,
               entry.generation, entry.origin);
}

void LogUnconfirmed(const store::Unconfirmed& what) {
  spdlog::info("generation {} is taken back unless it is confirmed by {}",
               what.generation,
               absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", what.confirm_by,
                                absl::UTCTimeZone()));
}

void LogNothingLeft(std::uint64_t generation) {
  spdlog::info(
      "generation {} was not confirmed, and nothing of it is left to take back",
      generation);
}

}  // namespace fwagent::core
