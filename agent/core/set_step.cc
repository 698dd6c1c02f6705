#include "agent/core/set_step.h"

#include <cstddef>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

namespace fwagent::core {
namespace {

using policy::Deadline;
using policy::NamedSet;
using policy::Prefix;
using policy::SetDifference;
using policy::SetEntry;

std::uint64_t LiveCount(const NamedSet& set, Deadline now) {
  return set.entries.size() - set.entries.EndedCount(now);
}

bool IsBefore(const Prefix& a, const Prefix& b) {
  const auto order = [](const Prefix& prefix) {
    return std::make_tuple(prefix.family(), std::cref(prefix.address()),
                           prefix.length());
  };
  return order(a) < order(b);
}

// Both lists are in the order of entries.
void CountDifference(const SetDifference& difference, Deadline now,
                     SetStep& step) {
  auto after = difference.after.begin();
  const auto end = difference.after.end();
  for (const SetEntry& entry : difference.before) {
    for (; after != end && IsBefore(after->prefix, entry.prefix); ++after) {
      ++step.added;
    }
    const bool stays = after != end && after->prefix == entry.prefix;
    const bool was_live = entry.until > now;
    if (stays) ++(was_live ? step.changed : step.added);
    if (!stays && was_live) ++step.removed;
    if (stays) ++after;
  }
  step.added += static_cast<std::uint64_t>(end - after);
}

// Whether the disk takes the entries as a whole. Those of a set that changes in
// place are not yet what they will be.
bool RewritesContent(const SetStep& step) {
  if (step.before == nullptr || step.after == nullptr) return true;
  return !step.in_place() && ChangesMuch(step);
}

store::SetDelta DeltaBetween(const std::shared_ptr<NamedSet>& before,
                             const std::shared_ptr<NamedSet>& after,
                             SetDifference difference, bool rewrites) {
  store::SetDelta delta;
  delta.id = (after == nullptr ? before : after)->info.id;
  delta.drop = after == nullptr;
  if (before == nullptr) delta.create = after->info;
  if (!rewrites) {
    delta.difference = std::move(difference);
  } else if (after != nullptr) {
    // Shares the ownership of the set.
    delta.content =
        std::shared_ptr<const policy::SetEntries>(after, &after->entries);
  }
  return delta;
}

}  // namespace

bool ChangesMuch(const SetStep& step) {
  constexpr std::size_t kOneIn = 64;
  const std::size_t changed =
      step.difference.before.size() + step.difference.after.size();
  return changed > 1 && changed > step.before->entries.size() / kOneIn;
}

void CountEntries(Deadline now, SetStep& step) {
  if (step.before == nullptr) {
    step.added = step.size = LiveCount(*step.after, now);
  } else if (step.after == nullptr) {
    step.removed = LiveCount(*step.before, now);
  } else if (step.only_ends()) {
    step.removed = step.difference.before.size();
    step.size = LiveCount(*step.before, now);
  } else {
    CountDifference(step.difference, now, step);
    step.size = LiveCount(*step.before, now) + step.added - step.removed;
  }
}

bool ChangesSomething(const SetStep& step) {
  return step.before == nullptr || step.after == nullptr ||
         step.added + step.removed + step.changed != 0;
}

store::SetDelta DeltaOf(const SetStep& step) {
  return DeltaBetween(step.before, step.after, step.difference,
                      RewritesContent(step));
}

store::SetDelta InverseOf(const SetStep& step) {
  return DeltaBetween(step.after, step.before, step.difference.Inverse(),
                      RewritesContent(step));
}

policy::SetOutcome OutcomeOf(const SetStep& step) {
  const NamedSet& set = step.after == nullptr ? *step.before : *step.after;
  return {.info = set.info,
          .size = step.size,
          .added = step.added,
          .removed = step.removed,
          .changed = step.changed};
}

void ApplyStep(const SetStep& step, policy::SetTable& sets) {
  if (step.after == nullptr) {
    sets.erase(step.before->info.name);
  } else if (step.in_place()) {
    ApplyDifference(step.difference, step.after->entries);
  } else {
    sets[step.after->info.name] = step.after;
  }
}

}  // namespace fwagent::core
