// Requests about ordered rules.
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "agent/service/convert.h"
#include "agent/service/error_details.h"
#include "agent/service/request_fields.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

using policy::Action;

Action ReadAction(v1::RuleAction action, const std::string& field,
                  FieldViolations& violations) {
  switch (action) {
    case v1::RULE_ACTION_DROP:
      return Action::kDrop;
    case v1::RULE_ACTION_PASS:
      return Action::kPass;
    case v1::RULE_ACTION_REJECT:
      return Action::kReject;
    case v1::RULE_ACTION_LIMIT:
      return Action::kLimit;
    default:
      violations.Add(field,
                     "must be RULE_ACTION_DROP (1), RULE_ACTION_PASS (2), "
                     "RULE_ACTION_REJECT (3) or RULE_ACTION_LIMIT (4)");
      return Action::kDrop;
  }
}

}  // namespace

std::pair<policy::Match, Action> ReadFilterRule(const v1::FilterRule& rule,
                                                const std::string& field,
                                                FieldViolations& violations) {
  const Action action =
      ReadAction(rule.action(), absl::StrCat(field, ".action"), violations);
  if (rule.order() > policy::kMaxOrder) {
    violations.Add(absl::StrCat(field, ".order"),
                   absl::StrCat("must be at most ", policy::kMaxOrder));
    return {policy::Prefix(), action};
  }
  auto match = policy::PacketMatch::Parse(
      rule.match(), rule.has_order() ? rule.order() : policy::kDefaultOrder);
  if (!match.ok()) {
    violations.Add(absl::StrCat(field, ".match"),
                   std::string(match.status().message()));
    return {policy::Prefix(), action};
  }
  if (match->limit().has_value() != (action == Action::kLimit)) {
    violations.Add(absl::StrCat(field, ".match"),
                   action == Action::kLimit
                       ? "a limit needs a rate, as in rate 100/second"
                       : "\"rate\" is for rules that limit: use limit in the "
                         "place of this action");
  }
  return {*std::move(match), action};
}

namespace {

core::Edit ReadEdit(const v1::RuleEdit& wire, const FindRule& find,
                    const std::string& field, FieldViolations& violations) {
  core::Edit edit;
  switch (wire.change_case()) {
    case v1::RuleEdit::kAdd: {
      auto [match, action] =
          ReadFilterRule(wire.add(), field + ".add", violations);
      edit = AddEdit(wire, match, field + ".", violations);
      edit.action = action;
      return edit;
    }
    case v1::RuleEdit::kRemove: {
      edit.kind = core::Edit::Kind::kRemove;
      std::tie(edit.match, edit.action) =
          ReadFilterRule(wire.remove(), field + ".remove", violations);
      return edit;
    }
    case v1::RuleEdit::kRemoveId: {
      edit.kind = core::Edit::Kind::kRemove;
      const auto rule = find(wire.remove_id());
      if (!rule.has_value()) {
        violations.Add(field + ".remove_id",
                       absl::StrCat("there is no rule ", wire.remove_id(),
                                    " (any more): fwctl rule list shows those "
                                    "that there are"));
        return edit;
      }
      if (!std::holds_alternative<policy::PacketMatch>(rule->match)) {
        violations.Add(
            field + ".remove_id",
            absl::StrCat("rule ", wire.remove_id(), " (",
                         policy::MatchToString(rule->match),
                         ") is none of those that are judged in order"));
        return edit;
      }
      edit.match = rule->match;
      edit.action = rule->action;
      edit.owner = rule->owner;
      return edit;
    }
    case v1::RuleEdit::CHANGE_NOT_SET:
      break;
  }
  violations.Add(field, "is empty: say which rule to add or to remove");
  return edit;
}

}  // namespace

absl::StatusOr<core::Change> ToChange(const v1::ChangeRulesRequest& request,
                                      const FindRule& find) {
  FieldViolations violations;
  core::Change change = ReadCommon(request, violations);
  change.skip_satisfied = request.skip_satisfied();
  const std::string owner = ReadOwner(request.owner(), violations);
  if (request.edits_size() == 0 || request.edits_size() > kMaxEdits) {
    violations.Add("edits", absl::StrCat("must be 1 to ", kMaxEdits, ", not ",
                                         request.edits_size()));
  }
  FW_RETURN_IF_ERROR(violations.ToStatus());
  for (int i = 0; i < request.edits_size(); ++i) {
    core::Edit edit = ReadEdit(request.edits(i), find,
                               absl::StrCat("edits[", i, "]"), violations);
    FW_RETURN_IF_ERROR(violations.ToStatus());
    if (!request.edits(i).has_remove_id()) edit.owner = owner;
    change.edits.push_back(std::move(edit));
  }
  return change;
}

}  // namespace fwagent::service
