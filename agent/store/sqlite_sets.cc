// The part of the store that is about sets, and the clock of their ends.
#include <cstdint>

#include "agent/store/sqlite_status.h"
#include "agent/store/sqlite_store.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {

void SqliteStore::UseEntryClock(const EntryClock& clock) {
  const util::MutexLock lock(&mutex_);
  SetEntryClock(clock);
}

void SqliteStore::SetEntryClock(const EntryClock& clock) {
  entry_clock_ = clock;
  set_rows_.UseClock(clock);
  history_.UseClock(clock);
  unconfirmed_.UseClock(clock);
}

// Takes the checksums of the sets off `total`.
absl::Status SqliteStore::LoadSets(State& state, std::int64_t& total) {
  FW_ASSIGN_OR_RETURN(const auto clock, entry_clock_row_.Read());
  SetEntryClock(clock.value_or(EntryClock()));
  state.entry_clock = entry_clock_;
  std::int64_t sets_total = 0;
  FW_ASSIGN_OR_RETURN(state.sets, set_rows_.Load(sets_total));
  total -= sets_total;
  if (clock.has_value()) return absl::OkStatus();
  for (const auto& [name, set] : state.sets) {
    if (!set->entries.HaveEnds()) continue;
    return DamagedError(database_.file(),
                        "the clock of sets' entries is missing");
  }
  return absl::OkStatus();
}

}  // namespace fwagent::store
