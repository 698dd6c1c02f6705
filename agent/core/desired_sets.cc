#include "agent/core/desired_sets.h"

#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/core/change.h"
#include "agent/util/errno_status.h"

namespace fwagent::core {
namespace {

using policy::Deadline;
using policy::NamedSet;
using policy::SetEntries;
using policy::SetEntry;

bool SaysTheSame(const policy::SetInfo& info, const DesiredSet& wanted) {
  return info.action == wanted.action && info.comment == wanted.comment &&
         info.default_ttl == wanted.default_ttl;
}

// Entries that end at nearly the time at which they are to end keep that end:
// it was written down to the second and read again.
SetEntries WithKnownEnds(const SetEntries& wanted, const SetEntries& present,
                         const Moment& now) {
  const Deadline slack =
      now.DeadlineIn(absl::Seconds(2)) - now.DeadlineIn(absl::ZeroDuration());
  SetEntries::Builder builder;
  wanted.ForEach([&](const SetEntry& entry) {
    SetEntry made = entry;
    const std::optional<Deadline> known = present.Find(entry.prefix);
    if (known.has_value() && *known != policy::kForever &&
        entry.until != policy::kForever && *known <= entry.until + slack &&
        entry.until <= *known + slack) {
      made.until = *known;
    }
    builder.Add(made);
  });
  return std::move(builder).Build();
}

}  // namespace

std::shared_ptr<const SetEntries> DesiredSets::EntriesOf(
    const DesiredSet& wanted, const NamedSet* present) const {
  if (wanted.entries == nullptr) {
    if (present == nullptr) return std::make_shared<SetEntries>();
    return std::make_shared<SetEntries>(present->entries);
  }
  if (!wanted.entries->HaveEnds()) return wanted.entries;
  SetEntries entries = wanted.entries->Redated([this](Deadline seconds) {
    if (seconds == SetEdit::kAsAll || seconds == SetEdit::kWithoutEnd) {
      return policy::kForever;
    }
    return now_.DeadlineIn(absl::Seconds(seconds));
  });
  if (present != nullptr) {
    entries = WithKnownEnds(entries, present->entries, now_);
  }
  return std::make_shared<SetEntries>(std::move(entries));
}

void DesiredSets::Fill(const DesiredSet& wanted, const Held& present) {
  if (wanted.entries == nullptr) return;
  const auto entries = EntriesOf(wanted, present.get());
  policy::SetDifference difference =
      SetEntries::Compare(present->entries, *entries);
  if (difference.empty()) return;
  auto after = std::make_shared<NamedSet>(
      NamedSet{.info = present->info, .entries = *entries});
  steps_.push_back({.before = present,
                    .after = std::move(after),
                    .difference = std::move(difference)});
}

void DesiredSets::Make(const std::string& owner, const DesiredSet& wanted,
                       const Held& present) {
  auto set = std::make_shared<NamedSet>();
  set->info.name = wanted.name;
  set->info.action = wanted.action;
  set->info.comment = wanted.comment;
  set->info.owner = owner;
  set->info.default_ttl = wanted.default_ttl;
  set->entries = *EntriesOf(wanted, present.get());
  steps_.push_back({.before = nullptr, .after = std::move(set)});
}

absl::Status DesiredSets::Want(const std::string& owner,
                               const DesiredSet& wanted) {
  if (!names_.insert(wanted.name).second) {
    return util::WithReason(
        absl::InvalidArgumentError(absl::StrCat(
            "the set \"", wanted.name, "\" is given twice: say it once")),
        "GIVEN_TWICE");
  }
  const auto found = sets_.find(wanted.name);
  if (found == sets_.end()) {
    Make(owner, wanted, nullptr);
    return absl::OkStatus();
  }
  const Held& present = found->second;
  const bool is_own = present->info.owner == owner;
  if (!is_own && !owners_.contains(present->info.owner)) {
    return util::WithReason(
        absl::FailedPreconditionError(absl::StrCat(
            "the set \"", wanted.name, "\" belongs to ", present->info.owner,
            ": take another name, or put it into the document of that owner")),
        "SET_OF_ANOTHER_OWNER");
  }
  if (is_own && SaysTheSame(present->info, wanted)) {
    Fill(wanted, present);
  } else {
    gone_.push_back({.before = present, .after = nullptr});
    Make(owner, wanted, is_own ? present : nullptr);
  }
  return absl::OkStatus();
}

std::vector<SetStep> DesiredSets::Steps() && {
  std::vector<SetStep> all = std::move(gone_);
  for (const auto& [name, set] : sets_) {
    if (owners_.contains(set->info.owner) && !names_.contains(name)) {
      all.push_back({.before = set, .after = nullptr});
    }
  }
  std::move(steps_.begin(), steps_.end(), std::back_inserter(all));
  std::vector<SetStep> steps;
  for (SetStep& step : all) {
    CountEntries(now_.tick(), step);
    if (ChangesSomething(step)) steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace fwagent::core
