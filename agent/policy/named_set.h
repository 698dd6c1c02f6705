// Named collections of prefixes with one action.
#ifndef FWAGENT_AGENT_POLICY_NAMED_SET_H_
#define FWAGENT_AGENT_POLICY_NAMED_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/policy/rule.h"
#include "agent/policy/set_entries.h"
#include "agent/policy/source_rule.h"

namespace fwagent::policy {

// What a set does with packets from its addresses.
enum class SetAction : std::uint8_t {
  kBlock = 1,
  kAllow = 2,
  kNone = 3,    // nothing: it is there for ordered rules that name it
  kShadow = 4,  // what it would block is counted, and goes on
};

// What is known of a set besides its entries.
struct SetInfo {
  RuleId id = 0;  // of the same numbers as those of rules
  std::string name;
  SetAction action = SetAction::kBlock;
  std::string comment;
  absl::Time create_time;             // wall clock, whole microseconds
  std::string owner = kDefaultOwner;  // who alone may change it
  // How long entries last that come without an end; zero: for ever. Whole
  // microseconds.
  absl::Duration default_ttl;

  bool operator==(const SetInfo&) const = default;
};

struct NamedSet {
  SetInfo info;
  SetEntries entries;

  bool operator==(const NamedSet&) const = default;
};

// What became of a set by a change; `size` is that after it. What has ended
// counts as gone.
struct SetOutcome {
  SetInfo info;
  std::uint64_t size = 0;
  std::uint64_t added = 0;    // entries that came
  std::uint64_t removed = 0;  // those that went
  std::uint64_t changed = 0;  // those that end at another time now

  bool operator==(const SetOutcome&) const = default;
};

inline constexpr std::size_t kMaxSetNameBytes = 64;

// INVALID_ARGUMENT unless it is 1 to 64 letters, digits, dots, dashes and
// underscores, the first one a letter or a digit.
absl::Status ValidateSetName(std::string_view name);

// Sets by name. What is in it is changed by its owner alone.
using SetTable = absl::btree_map<std::string, std::shared_ptr<NamedSet>>;

// "block", "allow", "none", "shadow".
const char* SetActionName(SetAction action);
// nullopt: it is no such name.
std::optional<SetAction> SetActionNamed(std::string_view name);
// What its entries say in the tables of sources; kNone: nothing.
SourceVerdict ClaimOf(SetAction action);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_NAMED_SET_H_
