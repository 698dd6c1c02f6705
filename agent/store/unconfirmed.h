// A change that is taken back unless somebody confirms it in time.
#ifndef FWAGENT_AGENT_STORE_UNCONFIRMED_H_
#define FWAGENT_AGENT_STORE_UNCONFIRMED_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/policy/deadline.h"
#include "agent/policy/rule.h"
#include "agent/store/history.h"

namespace fwagent::store {

struct Unconfirmed {
  std::uint64_t generation = 0;  // that it made
  absl::Time time;               // of the change; whole microseconds
  std::string origin;            // who asked
  // Until when it can be confirmed, and the same on the wall clock as it was
  // when this was written, in whole microseconds.
  policy::Deadline until = policy::kNever;
  absl::Time confirm_by;
  // The run of the host that `until` belongs to, and the ends of rules in its
  // TakeBack; those of entries are by the store's clock.
  std::string boot_id;

  bool operator==(const Unconfirmed&) const = default;
};

// What such a change did: enough to take it back also when others have changed
// something meanwhile.
struct TakeBack {
  std::vector<policy::Rule>
      before;  // that it took away or renewed, as they were
  std::vector<policy::Rule> after;  // that it added or renewed, as it left them
  // What leads back. Entries are differences, never a content in the place of
  // another; of a set that it made, also those that are dropped.
  std::vector<SetDelta> sets;
};

struct PendingChange {
  Unconfirmed what;
  TakeBack back;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_UNCONFIRMED_H_
