#include "agent/core/entry_clock.h"

#include <algorithm>
#include <cstdint>

#include "agent/core/expiry.h"

namespace fwagent::core {
namespace {

using store::EntryClock;

constexpr absl::Duration kTick =
    absl::Nanoseconds(std::int64_t{1} << policy::kTickShift);

}  // namespace

EntryClock GoOn(const EntryClock& kept, const std::string& boot_id,
                const Moment& now) {
  if (!boot_id.empty() && kept.boot_id == boot_id) return kept;
  absl::Duration rest;
  const absl::Duration off =
      std::max(now.wall - kept.wall, absl::ZeroDuration());
  EntryClock clock = kept;
  clock.boot_id = boot_id;
  // A tick behind, as parts of ticks are lost: no block ends too early.
  clock.shift =
      kept.tick + absl::IDivDuration(off, kTick, &rest) - now.tick() - 1;
  return clock;
}

EntryClock Noted(const EntryClock& clock, const Moment& now,
                 bool wall_was_set) {
  if (now.wall < clock.wall && !wall_was_set) return clock;
  EntryClock noted = clock;
  noted.wall = WholeMicros(now.wall);
  noted.tick = clock.TickOf(now.tick());
  return noted;
}

bool WallAgrees(const EntryClock& clock, const Moment& now) {
  const absl::Time expected =
      clock.wall + (clock.TickOf(now.tick()) - clock.tick) * kTick;
  return absl::AbsDuration(now.wall - expected) < absl::Seconds(1);
}

void Redate(const EntryClock& from, const EntryClock& to,
            policy::SetTable& sets) {
  if (from.shift == to.shift) return;
  for (const auto& [name, set] : sets) {
    if (!set->entries.HaveEnds()) continue;
    set->entries = set->entries.Redated([&](policy::Deadline until) {
      return until == policy::kForever ? until
                                       : to.DeadlineOf(from.TickOf(until));
    });
  }
}

}  // namespace fwagent::core
