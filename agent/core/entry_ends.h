// When the entries of a set end that somebody wants in it.
#ifndef FWAGENT_AGENT_CORE_ENTRY_ENDS_H_
#define FWAGENT_AGENT_CORE_ENTRY_ENDS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/core/change.h"
#include "agent/core/clocks.h"
#include "agent/policy/set_entries.h"

namespace fwagent::core {

// The entries of an edit with their deadlines; the very same object where none
// of them ends. `default_ttl` is that of the set. INVALID_ARGUMENT as of
// LengthOf, for which IndexOfEdit says 0.
absl::StatusOr<std::shared_ptr<const policy::SetEntries>> EntriesWithEnds(
    const SetEdit& edit, absl::Duration default_ttl, const Moment& now);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_ENTRY_ENDS_H_
