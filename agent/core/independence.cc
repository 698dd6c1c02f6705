#include "agent/core/independence.h"

#include <algorithm>
#include <variant>

namespace fwagent::core {

namespace {

// Whether that cuts somebody off, a block that comes with it may decide.
bool EndsAnAllowance(const Change& change) {
  return !change.lifelines.empty() &&
         std::any_of(change.edits.begin(), change.edits.end(),
                     [](const Edit& edit) {
                       return edit.kind == Edit::Kind::kRemove &&
                              edit.action == policy::Action::kAllow;
                     });
}

}  // namespace

bool Independence::LetIn(const Change& change) {
  // What such a change asks of the policy must hold of it as it is.
  const bool is_ordered = std::any_of(
      change.edits.begin(), change.edits.end(), [](const Edit& edit) {
        return std::holds_alternative<policy::PacketMatch>(edit.match);
      });
  const bool alone =
      is_ordered || !change.desired.empty() || change.rollback_to.has_value() ||
      change.take_back.has_value() || change.confirm_within.has_value() ||
      !change.etag.empty() || EndsAnAllowance(change);
  if (closed_ || (alone && any_)) return false;
  for (const Edit& edit : change.edits) {
    if (matches_.contains(edit.match)) return false;
  }
  for (const SetEdit& edit : change.sets) {
    if (sets_.contains(edit.name)) return false;
  }
  if (!change.request_id.empty() &&
      !request_ids_.insert(change.request_id).second) {
    return false;
  }
  for (const Edit& edit : change.edits) matches_.insert(edit.match);
  for (const SetEdit& edit : change.sets) sets_.insert(edit.name);
  any_ = true;
  closed_ = alone;
  return true;
}

}  // namespace fwagent::core
