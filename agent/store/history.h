// How the policy came to be: what is kept of each generation.
#ifndef FWAGENT_AGENT_STORE_HISTORY_H_
#define FWAGENT_AGENT_STORE_HISTORY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule.h"
#include "agent/policy/set_entries.h"

namespace fwagent::store {

// What becomes of one set. Applied in the order of the members.
struct SetDelta {
  policy::RuleId id = 0;
  bool drop = false;                      // the set and all of its entries
  std::optional<policy::SetInfo> create;  // a set, still without entries
  policy::SetDifference difference;
  // Not null: in the place of all entries.
  std::shared_ptr<const policy::SetEntries> content;
};

// What leads from one policy to another.
struct PolicyDelta {
  std::vector<policy::Rule> add;
  std::vector<policy::RuleId> remove;  // before any is added
  std::vector<SetDelta> sets;
};

// One generation. Text is as the log has it.
struct HistoryEntry {
  std::uint64_t generation = 0;
  std::string etag;    // of the policy
  absl::Time time;     // wall clock, whole microseconds
  std::string origin;  // who asked
  std::string summary;
  // Whether what leads back from it is still kept.
  bool can_undo = false;
  // Until when it can be confirmed, if it waits for that; not kept here.
  std::optional<absl::Time> confirm_by = {};

  bool operator==(const HistoryEntry&) const = default;
};

// A generation and the way back from it to the one before. The ends of rules
// are those of the run of the host that `boot_id` names; those of entries are
// by the store's clock.
struct UndoableEntry {
  HistoryEntry entry;
  PolicyDelta undo;
  std::string boot_id;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_HISTORY_H_
