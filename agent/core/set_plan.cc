#include "agent/core/set_plan.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "agent/core/entry_ends.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Deadline;
using policy::NamedSet;
using policy::SetDifference;
using policy::SetEntries;
using policy::SetEntry;
using Kind = SetEdit::Kind;
using Step = absl::StatusOr<std::vector<SetStep>>;  // of one edit, if any

std::shared_ptr<NamedSet> NewSet(const SetEdit& edit) {
  auto set = std::make_shared<NamedSet>();
  set->info.name = edit.name;
  set->info.action = edit.action;
  set->info.comment = edit.comment;
  set->info.owner = edit.owner;
  set->info.default_ttl = edit.default_ttl;
  return set;
}

std::string DefaultTtlText(const policy::SetInfo& info) {
  if (info.default_ttl == absl::ZeroDuration()) return "no default TTL";
  return absl::StrCat("a default TTL of ",
                      absl::FormatDuration(info.default_ttl));
}

Step PlanCreate(const SetEdit& edit, const std::shared_ptr<NamedSet>& present,
                bool skip_satisfied) {
  if (present != nullptr) {
    if (skip_satisfied && present->info.action == edit.action &&
        present->info.owner == edit.owner &&
        present->info.default_ttl == edit.default_ttl) {
      return std::vector<SetStep>();
    }
    return util::WithReason(
        absl::AlreadyExistsError(absl::StrCat(
            "there is already a set \"", edit.name, "\", with the action ",
            policy::SetActionName(present->info.action), ", the owner ",
            present->info.owner, " and ", DefaultTtlText(present->info))),
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

Step PlanPut(const SetEntries& entries,
             const std::shared_ptr<NamedSet>& present) {
  SetDifference difference;
  entries.ForEach([&](const SetEntry& entry) {
    const auto until = present->entries.Find(entry.prefix);
    if (until == entry.until) return;
    if (until.has_value()) difference.before.push_back({entry.prefix, *until});
    difference.after.push_back(entry);
  });
  return WithDifference(present, std::move(difference));
}

// What has ended counts as absent.
Step PlanErase(const SetEdit& edit, const std::shared_ptr<NamedSet>& present,
               bool skip_satisfied, Deadline now) {
  SetDifference difference;
  absl::Status missing;
  edit.entries->ForEach([&](const SetEntry& entry) {
    const auto until = present->entries.Find(entry.prefix);
    if (until.has_value() && *until > now) {
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

Step PlanReplace(const SetEntries& entries,
                 const std::shared_ptr<NamedSet>& present) {
  SetDifference difference = SetEntries::Compare(present->entries, entries);
  if (difference.empty()) return std::vector<SetStep>();
  auto after = std::make_shared<NamedSet>(
      NamedSet{.info = present->info, .entries = entries});
  return std::vector<SetStep>{{.before = present,
                               .after = std::move(after),
                               .difference = std::move(difference)}};
}

// Few go in place, one by one; where they are many the rest is put together
// anew, which is cheaper, on disk too.
Step PlanEnd(const std::shared_ptr<NamedSet>& present, Deadline now) {
  if (present == nullptr) return std::vector<SetStep>();
  SetDifference difference{.before = present->entries.Ended(now), .after = {}};
  if (difference.empty()) return std::vector<SetStep>();
  SetStep step{.before = present,
               .after = present,
               .difference = std::move(difference),
               .ended_by = now};
  if (ChangesMuch(step)) {
    step.after = std::make_shared<NamedSet>(NamedSet{
        .info = present->info, .entries = present->entries.Without(now)});
  }
  return std::vector<SetStep>{std::move(step)};
}

// It is made anew, under another number: a set is as it was made.
Step PlanUpdate(const SetUpdate& update,
                const std::shared_ptr<NamedSet>& present) {
  auto after = std::make_shared<NamedSet>(*present);
  after->info.action = update.action.value_or(present->info.action);
  after->info.comment = update.comment.value_or(present->info.comment);
  after->info.default_ttl =
      update.default_ttl.value_or(present->info.default_ttl);
  if (after->info == present->info) return std::vector<SetStep>();
  after->info.id = 0;
  after->info.create_time = {};
  return std::vector<SetStep>{{.before = present, .after = nullptr},
                              {.before = nullptr, .after = std::move(after)}};
}

// A set that is made together with its entries.
Step PlanFilled(const SetEdit& edit, const Moment& now) {
  std::shared_ptr<NamedSet> set = NewSet(edit);
  FW_ASSIGN_OR_RETURN(const auto entries,
                      EntriesWithEnds(edit, edit.default_ttl, now));
  set->entries = *entries;
  return std::vector<SetStep>{{.before = nullptr, .after = std::move(set)}};
}

// Nobody's allowances become others by a list that was meant to block.
bool Fits(const SetEdit& edit, policy::SetAction present) {
  return edit.action == present ||
         (edit.keep_action && present != policy::SetAction::kAllow);
}

Step PlanOne(const SetEdit& edit, const std::shared_ptr<NamedSet>& present,
             bool skip_satisfied, const Moment& now) {
  if (edit.kind == Kind::kEnd) return PlanEnd(present, now.tick());
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
    return edit.create_missing ? PlanFilled(edit, now) : NoSuchSet(edit.name);
  }
  if (edit.kind == Kind::kUpdate) return PlanUpdate(edit.update, present);
  if (edit.create_missing && !Fits(edit, present->info.action)) {
    return util::WithReason(absl::FailedPreconditionError(absl::StrCat(
                                "the set \"", edit.name, "\" has the action ",
                                policy::SetActionName(present->info.action),
                                ": give that, change it first (fwctl set "
                                "update), or take another name")),
                            "SET_HAS_OTHER_ACTION");
  }
  if (edit.kind == Kind::kErase) {
    return PlanErase(edit, present, skip_satisfied, now.tick());
  }
  FW_ASSIGN_OR_RETURN(const auto entries,
                      EntriesWithEnds(edit, present->info.default_ttl, now));
  return edit.kind == Kind::kPut ? PlanPut(*entries, present)
                                 : PlanReplace(*entries, present);
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
                                              const policy::SetTable& sets,
                                              const Moment& now) {
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
                change.skip_satisfied, now));
    for (SetStep& step : made) {
      CountEntries(now.tick(), step);
      if (ChangesSomething(step)) steps.push_back(std::move(step));
    }
  }
  return steps;
}

}  // namespace fwagent::core
