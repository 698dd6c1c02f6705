#include "agent/core/entry_ends.h"

#include "agent/core/expiry.h"
#include "agent/core/plan.h"

namespace fwagent::core {

using policy::Deadline;

absl::StatusOr<std::shared_ptr<const policy::SetEntries>> EntriesWithEnds(
    const SetEdit& edit, absl::Duration default_ttl, const Moment& now) {
  Ending ending = edit.ending.value_or(Ending());
  if (!edit.ending.has_value() && default_ttl > absl::ZeroDuration()) {
    ending = default_ttl;
  }
  const auto length = LengthOf(ending, now);
  if (!length.ok()) return OfEdit(length.status(), 0);
  const Deadline of_all = *length == absl::InfiniteDuration()
                              ? policy::kForever
                              : now.DeadlineIn(*length);
  if (of_all == policy::kForever && !edit.entries->HaveEnds()) {
    return edit.entries;
  }
  return std::make_shared<policy::SetEntries>(
      edit.entries->Redated([&](Deadline seconds) {
        if (seconds == SetEdit::kAsAll) return of_all;
        if (seconds == SetEdit::kWithoutEnd) return policy::kForever;
        return now.DeadlineIn(absl::Seconds(seconds));
      }));
}

}  // namespace fwagent::core
