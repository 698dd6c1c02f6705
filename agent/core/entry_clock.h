// The clock of sets' entries on disk, from one run of the host to the next.
#ifndef FWAGENT_AGENT_CORE_ENTRY_CLOCK_H_
#define FWAGENT_AGENT_CORE_ENTRY_CLOCK_H_

#include <string>

#include "agent/core/clocks.h"
#include "agent/policy/named_set.h"
#include "agent/store/entry_clock.h"

namespace fwagent::core {

// How the clock that was kept stands in this run of the host. In the same run
// it is what it was, whatever became of the wall clock; in another one it has
// gone on for as long as the wall clock has, but never back: so a wall clock
// that stands too early lifts no block, and what is left of one is never more
// than it was when the clock was noted last.
store::EntryClock GoOn(const store::EntryClock& kept,
                       const std::string& boot_id, const Moment& now);

// The same with what the wall clock says now. One that stands before what it
// said last is not believed, unless somebody was seen setting it.
store::EntryClock Noted(const store::EntryClock& clock, const Moment& now,
                        bool wall_was_set = false);

// Whether the wall clock says what is to be expected, to a second.
bool WallAgrees(const store::EntryClock& clock, const Moment& now);

// Ends by one clock become ends by another.
void Redate(const store::EntryClock& from, const store::EntryClock& to,
            policy::SetTable& sets);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_ENTRY_CLOCK_H_
