// What goes into the engine and what comes out.
#ifndef FWAGENT_AGENT_CORE_CHANGE_H_
#define FWAGENT_AGENT_CORE_CHANGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/core/desired.h"
#include "agent/core/expiry.h"
#include "agent/core/lifeline.h"
#include "agent/policy/named_set.h"
#include "agent/policy/rule.h"
#include "agent/store/history.h"
#include "agent/store/unconfirmed.h"

namespace fwagent::core {

// One rule to add or to remove.
struct Edit {
  // kEnd takes a rule away if it has ended; if not, there is nothing to do.
  enum class Kind { kAdd, kRemove, kEnd };
  Kind kind = Kind::kAdd;
  policy::Match match = policy::Prefix();
  std::string comment;  // of a rule that is added
  Ending ending = {};   // likewise
  // Of a rule that is added: one that is there gets this ending, and this
  // comment unless it is empty, and stays the same rule.
  bool renew = false;
  policy::Action action = policy::Action::kBlock;
  std::string owner = policy::kDefaultOwner;
  // Of a removal: whoever owns it, all that say this.
  bool any_owner = false;
};

// What a set is to have in the place of what it has.
struct SetUpdate {
  std::optional<policy::SetAction> action;
  std::optional<std::string> comment;
  std::optional<absl::Duration> default_ttl;
};

// What shall become of one set.
struct SetEdit {
  enum class Kind {
    kCreate,   // without entries
    kDelete,   // with its entries
    kPut,      // entries in; those that are there end when these say
    kErase,    // entries out
    kReplace,  // these entries in the place of all others
    kEnd,      // entries that have ended out
    kUpdate,   // the same entries, but what `update` says
  };
  // In the place of how many seconds an entry lasts: as `ending` says; without
  // an end, whatever that says.
  static constexpr policy::Deadline kAsAll = policy::kForever;
  static constexpr policy::Deadline kWithoutEnd = policy::kForever - 1;

  Kind kind = Kind::kCreate;
  std::string name;
  // kPut, kReplace: make the set when there is none.
  bool create_missing = false;
  // Who asks: a set is changed by its owner alone.
  std::string owner = policy::kDefaultOwner;
  // kPut, kReplace: one that is there may have another action than that below,
  // but not allow.
  bool keep_action = false;
  // Of a set that is made.
  policy::SetAction action = policy::SetAction::kBlock;
  std::string comment;
  absl::Duration default_ttl = {};
  SetUpdate update = {};
  // kPut, kErase and kReplace. Their `until` is for how many seconds
  // they are wanted, or one of the words above.
  std::shared_ptr<const policy::SetEntries> entries = {};
  // When entries end that do not say so; nullopt: after the default of the set.
  std::optional<Ending> ending = {};
};

// What someone wants changed: all of it, at one instant, or nothing.
struct Change {
  std::vector<Edit> edits;
  std::vector<SetEdit> sets;
  // An edit that finds things as it wants them changes nothing; otherwise it
  // refuses the change.
  bool skip_satisfied = false;
  // In the place of edits: all that these owners are to have.
  std::vector<DesiredPolicy> desired = {};
  // In the place of edits: everything as it was at this generation.
  std::optional<std::uint64_t> rollback_to = {};
  // In the place of edits: what this generation changed is taken back, if it
  // was not confirmed in time; if it was, there is nothing to do.
  std::optional<std::uint64_t> take_back = {};
  // Take the change back after so long unless it is confirmed.
  std::optional<absl::Duration> confirm_within = {};
  // Not empty: the policy that the change is meant for; it is ABORTED under
  // another one.
  std::string etag = {};
  std::string request_id;  // empty: a retry is a new request
  bool validate_only = false;
  std::string origin;  // who asked, for the log
  // Those who must not be cut off by it, unless it is forced.
  std::vector<Lifeline> lifelines = {};
  bool force = false;
};

// What became of a change. When it was only validated, new rules have no id and
// no creation time, and the generation is the present one.
struct ChangeResult {
  // The rules that were added or removed, in the order of their edits. Those
  // that were satisfied already are not among them.
  std::vector<policy::Rule> rules;
  std::vector<policy::SetOutcome> sets;  // that were changed, likewise
  std::uint64_t generation = 0;
  // Until when it must be confirmed, if it must be.
  std::optional<absl::Time> confirm_by = {};
  // Of a change that said what owners are to have, unless it was a retry: what
  // becomes of what they had.
  std::vector<RuleChange> rule_changes = {};
  std::vector<SetChange> set_changes = {};
};

struct RulePage {
  std::vector<policy::Rule> rules;  // in order of id
  std::size_t total = 0;            // rules in all
  std::uint64_t generation = 0;     // that all of this was read from
  bool last = true;                 // no rule has a higher id
};

struct SetPage {
  std::vector<policy::SetEntry> entries;
  std::size_t total = 0;  // entries in all
  std::uint64_t generation = 0;
  bool last = true;
};

// An entry of a set that holds an address.
struct SetHit {
  policy::SetInfo set;
  policy::SetEntry entry;
};

using HistoryEntry = store::HistoryEntry;
using Unconfirmed = store::Unconfirmed;

struct TableUsage {
  std::string name;  // "source-ipv4", "source-ipv6"
  std::uint64_t entries = 0;
  std::uint64_t capacity = 0;
  std::uint64_t memory_bytes = 0;  // of the kernel
};

// What a damaged store is recovered from.
enum class RecoverFrom { kKernel, kCopy };

struct RecoveryResult {
  std::uint64_t rules = 0;
  std::uint64_t sets = 0;
  absl::Time as_of;  // changes after it are lost
  std::uint64_t generation = 0;
};

struct EngineStatus {
  std::uint64_t generation = 0;
  std::string etag;
  // No changes are taken, for this reason; else empty. Read-only: because the
  // store cannot be read.
  std::string trouble;
  bool read_only = false;
  // The change that waits for a confirmation, with the wall clock as it is now.
  std::optional<Unconfirmed> unconfirmed;
  std::vector<TableUsage> tables;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_CHANGE_H_
