#include "agent/core/set_plan.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::NamedSet;
using policy::SetDifference;
using policy::SetEntries;
using policy::SetEntry;
using Kind = SetEdit::Kind;
using Step = absl::StatusOr<std::vector<SetStep>>;  // of one edit: one or none

std::shared_ptr<NamedSet> NewSet(const SetEdit& edit) {
  auto set = std::make_shared<NamedSet>();
  set->info.name = edit.name;
  set->info.action = edit.action;
  set->info.comment = edit.comment;
  set->info.owner = edit.owner;
  return set;
}

Step PlanCreate(const SetEdit& edit, const std::shared_ptr<NamedSet>& present,
                bool skip_satisfied) {
  if (present != nullptr) {
    if (skip_satisfied && present->info.action == edit.action &&
        present->info.owner == edit.owner) {
      return std::vector<SetStep>();
    }
    return util::WithReason(
        absl::AlreadyExistsError(absl::StrCat(
            "there is already a set \"", edit.name, "\", with the action ",
            policy::SetActionName(present->info.action), " and the owner ",
            present->info.owner)),
        "SET_EXISTS");
  }
  return std::vector<SetStep>{{.before = nullptr, .after = NewSet(edit)}};
}

Step PlanDelete(const SetEdit& edit, const std::shared_ptr<NamedSet>& present,
                bool skip_satisfied) {
  if (present == nullptr && skip_satisfied) return std::vector<SetStep>();
  if (present == nullptr) return NoSuchSet(edit.name);
  return std::vector<SetStep>{{.before = present, .after = nullptr}};
}

// An edit that goes to a set which is there already, or is made for it.
Step WithDifference(const std::shared_ptr<NamedSet>& present,
                    SetDifference difference) {
  if (difference.empty()) return std::vector<SetStep>();
  SetStep step{.before = present, .after = present};
  const bool single =
      difference.before.size() <= 1 && difference.after.size() <= 1 &&
      (difference.before.empty() || difference.after.empty() ||
       difference.before.front().prefix == difference.after.front().prefix);
  if (!single) {
    step.after = std::make_shared<NamedSet>(*present);
    ApplyDifference(difference, step.after->entries);
  }
  step.difference = std::move(difference);
  return std::vector<SetStep>{std::move(step)};
}

Step PlanPut(const SetEdit& edit, const std::shared_ptr<NamedSet>& present) {
  SetDifference difference;
  edit.entries->ForEach([&](const SetEntry& entry) {
    const auto until = present->entries.Find(entry.prefix);
    if (until == entry.until) return;
    if (until.has_value()) difference.before.push_back({entry.prefix, *until});
    difference.after.push_back(entry);
  });
  return WithDifference(present, std::move(difference));
}

Step PlanErase(const SetEdit& edit, const std::shared_ptr<NamedSet>& present,
               bool skip_satisfied) {
  SetDifference difference;
  absl::Status missing;
  edit.entries->ForEach([&](const SetEntry& entry) {
    const auto until = present->entries.Find(entry.prefix);
    if (until.has_value()) {
      difference.before.push_back({entry.prefix, *until});
    } else if (!skip_satisfied && missing.ok()) {
      missing = util::WithReason(absl::NotFoundError(absl::StrCat(
                                     entry.prefix.ToString(),
                                     " is not in the set \"", edit.name, "\"")),
                                 "ENTRY_NOT_FOUND");
    }
  });
  FW_RETURN_IF_ERROR(missing);
  return WithDifference(present, std::move(difference));
}

Step PlanReplace(const SetEdit& edit,
                 const std::shared_ptr<NamedSet>& present) {
  SetDifference difference =
      SetEntries::Compare(present->entries, *edit.entries);
  if (difference.empty()) return std::vector<SetStep>();
  auto after = std::make_shared<NamedSet>(
      NamedSet{.info = present->info, .entries = *edit.entries});
  return std::vector<SetStep>{{.before = present,
                               .after = std::move(after),
                               .difference = std::move(difference)}};
}

// A set that is made together with its entries.
Step PlanFilled(const SetEdit& edit) {
  std::shared_ptr<NamedSet> set = NewSet(edit);
  set->entries = *edit.entries;
  return std::vector<SetStep>{{.before = nullptr, .after = std::move(set)}};
}

Step PlanOne(const SetEdit& edit, const std::shared_ptr<NamedSet>& present,
             bool skip_satisfied) {
  if (edit.kind == Kind::kCreate) {
    return PlanCreate(edit, present, skip_satisfied);
  }
  if (present != nullptr && present->info.owner != edit.owner) {
    return util::WithReason(
        absl::FailedPreconditionError(absl::StrCat(
            "the set \"", edit.name, "\" belongs to ", present->info.owner,
            ": change it for that owner (fwctl: --owner ", present->info.owner,
            "), or take another name")),
        "SET_OF_ANOTHER_OWNER");
  }
  if (edit.kind == Kind::kDelete) {
    return PlanDelete(edit, present, skip_satisfied);
  }
  if (present == nullptr) {
    return edit.create_missing ? PlanFilled(edit) : NoSuchSet(edit.name);
  }
  if (edit.create_missing && edit.action != present->info.action) {
    return util::WithReason(absl::FailedPreconditionError(absl::StrCat(
                                "the set \"", edit.name, "\" has the action ",
                                policy::SetActionName(present->info.action),
                                ": delete it first, or take another name")),
                            "SET_HAS_OTHER_ACTION");
  }
  if (edit.kind == Kind::kPut) return PlanPut(edit, present);
  if (edit.kind == Kind::kErase) {
    return PlanErase(edit, present, skip_satisfied);
  }
  return PlanReplace(edit, present);
}

// Whether to write the entries as a whole: cheaper than many small pieces.
bool RewritesContent(const SetStep& step) {
  constexpr std::size_t kOneIn = 64;
  if (step.before == nullptr || step.after == nullptr) return true;
  const std::size_t changed =
      step.difference.before.size() + step.difference.after.size();
  return changed > 1 && changed > step.after->entries.size() / kOneIn;
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

absl::Status NoSuchSet(const std::string& name) {
  return util::WithReason(
      absl::NotFoundError(absl::StrCat("there is no set \"", name,
                                       "\": create it, or list those that "
                                       "there are")),
      "SET_NOT_FOUND");
}

absl::StatusOr<std::vector<SetStep>> PlanSets(const Change& change,
                                              const policy::SetTable& sets) {
  std::vector<SetStep> steps;
  absl::flat_hash_set<std::string> seen;
  for (const SetEdit& edit : change.sets) {
    if (!seen.insert(edit.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the set \"", edit.name, "\" is changed twice"));
    }
    const auto found = sets.find(edit.name);
    FW_ASSIGN_OR_RETURN(
        std::vector<SetStep> made,
        PlanOne(edit, found == sets.end() ? nullptr : found->second,
                change.skip_satisfied));
    for (SetStep& step : made) steps.push_back(std::move(step));
  }
  return steps;
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
  policy::SetOutcome outcome{.info = set.info, .size = set.entries.size()};
  if (step.before == nullptr) {
    outcome.added = outcome.size;
  } else if (step.after == nullptr) {
    outcome.removed = outcome.size;
    outcome.size = 0;
  } else {
    outcome.added = step.difference.after.size();
    outcome.removed = step.difference.before.size();
    if (step.in_place()) outcome.size += outcome.added - outcome.removed;
  }
  return outcome;
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
