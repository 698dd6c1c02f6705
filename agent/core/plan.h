// The validation of a change: what it comes to under the present rules.
#ifndef FWAGENT_AGENT_CORE_PLAN_H_
#define FWAGENT_AGENT_CORE_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/change.h"
#include "agent/core/clocks.h"
#include "agent/policy/prefix.h"
#include "agent/policy/rule.h"
#include "agent/policy/rule_set.h"

namespace fwagent::core {

// Room in the kernel's tables, by family.
using SourceCapacity = std::array<std::uint64_t, policy::kFamilies>;

// One rule that is added, or removed.
struct Step {
  Edit::Kind kind = Edit::Kind::kAdd;
  // When it is added: without id and creation time, unless it has those of the
  // rule that it renews.
  policy::Rule rule;
  // The rule with the same key in whose place it comes: one that is renewed,
  // or has ended.
  std::optional<policy::Rule> before = {};
  // The rule that is added comes back with its id and creation time.
  bool restores = false;

  bool adds() const { return kind == Edit::Kind::kAdd; }
  bool renews() const { return before.has_value() && before->id == rule.id; }
};

// "block", "unblock", "allow", "unallow"; of ordered rules the action, and
// "remove"; "end".
const char* VerbOf(Edit::Kind kind, policy::Action action);

// The steps of each edit that changes something, in their order: one, or, where
// whoever owns it shall let go, one for each owner. Rules that have ended count
// as absent. INVALID_ARGUMENT: no edits, two for one rule, or an ending that
// cannot be; IndexOfEdit then says of which edit. ALREADY_EXISTS, NOT_FOUND:
// the rule is, or is not, there. RESOURCE_EXHAUSTED: the kernel's table would
// be too full.
absl::StatusOr<std::vector<Step>> PlanChange(const Change& change,
                                             const policy::RuleSet& rules,
                                             const SourceCapacity& capacity,
                                             const Moment& now);

// RESOURCE_EXHAUSTED: there would be more prefixes or ordered rules than the
// kernel's tables take, and more than now.
absl::Status CheckCapacity(const std::vector<Step>& steps,
                           const policy::RuleSet& rules,
                           const SourceCapacity& capacity);

// An error that is about the ending of an edit; of which, if it is about one.
absl::Status OfEdit(absl::Status status, std::size_t index);
std::optional<std::size_t> IndexOfEdit(const absl::Status& status);

// Equal for changes with the same content; at most some hundred bytes.
std::string Fingerprint(const Change& change);

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_PLAN_H_
