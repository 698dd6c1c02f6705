#include "agent/core/plan.h"

#include <openssl/sha.h>

#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::Prefix;
using policy::Rule;
using Kind = Edit::Kind;

absl::Status CheckShape(const Change& change) {
  if (change.edits.empty() && change.sets.empty()) {
    return absl::InvalidArgumentError("nothing is asked for: give a rule");
  }
  if (change.edits.size() <= 1) return absl::OkStatus();
  absl::flat_hash_set<policy::Match, policy::MatchHash> seen;
  for (const Edit& edit : change.edits) {
    if (edit.kind != Kind::kEnd &&
        !std::holds_alternative<Prefix>(edit.match)) {
      return absl::InvalidArgumentError(
          "ports of more than one rule cannot change at one instant: give one "
          "at a time");
    }
    if (!seen.insert(edit.match).second) {
      return util::WithReason(
          absl::InvalidArgumentError(absl::StrCat(
              policy::MatchToString(edit.match),
              " is given twice: say once what shall become of it")),
          "GIVEN_TWICE");
    }
  }
  return absl::OkStatus();
}

absl::Status NotBlocked(const policy::Match& match) {
  return util::WithReason(absl::NotFoundError(absl::StrCat(
                              policy::MatchToString(match), " is not blocked")),
                          "RULE_NOT_FOUND");
}

absl::Status BlockedAlready(const Rule& rule) {
  return util::WithReason(
      absl::AlreadyExistsError(absl::StrCat(
          policy::MatchToString(rule.match), " is already blocked by rule ",
          rule.id, "; to set its end anew, renew it (fwctl: --renew)")),
      "RULE_EXISTS");
}

constexpr char kEditUrl[] = "fwagent.edit";

absl::Status OfEdit(absl::Status status, std::size_t index) {
  status.SetPayload(kEditUrl, absl::Cord(absl::StrCat(index)));
  return status;
}

// None: the edit finds things as it wants them.
absl::StatusOr<std::optional<Step>> PlanBlock(const Edit& edit,
                                              const Rule* present,
                                              const Moment& now) {
  Step step{
      .kind = edit.kind,
      .rule = {
          .match = edit.match, .comment = edit.comment, .create_time = {}}};
  FW_RETURN_IF_ERROR(SetEnding(edit.ending, now, step.rule));
  if (present == nullptr) return step;
  step.before = *present;
  if (policy::HasEnded(*present, now.tick())) return step;
  if (!edit.renew) return std::nullopt;
  step.rule.id = present->id;
  step.rule.create_time = present->create_time;
  if (edit.comment.empty()) step.rule.comment = present->comment;
  return step;
}

std::optional<Step> PlanRemoval(const Edit& edit, const Rule* present,
                                const Moment& now) {
  if (present == nullptr) return std::nullopt;
  const bool wants_ended = edit.kind == Kind::kEnd;
  if (policy::HasEnded(*present, now.tick()) != wants_ended) {
    return std::nullopt;
  }
  return Step{.kind = edit.kind, .rule = *present};
}

// How many sources there are afterwards must fit; a change that takes away is
// let through in any case.
absl::Status CheckRoom(const std::vector<Step>& steps,
                       const policy::RuleSet& rules,
                       const SourceCapacity& capacity) {
  std::array<std::int64_t, policy::kFamilies> growth{};
  for (const Step& step : steps) {
    const auto* prefix = std::get_if<Prefix>(&step.rule.match);
    if (prefix == nullptr) continue;
    if (step.before.has_value()) continue;  // takes its place
    growth[static_cast<std::size_t>(prefix->family())] += step.adds() ? 1 : -1;
  }
  for (const policy::Family family :
       {policy::Family::kIPv4, policy::Family::kIPv6}) {
    const auto index = static_cast<std::size_t>(family);
    const auto wanted =
        static_cast<std::int64_t>(rules.SourceCount(family)) + growth[index];
    if (growth[index] > 0 &&
        wanted > static_cast<std::int64_t>(capacity[index])) {
      return dataplane::SourceTableFull(family, capacity[index]);
    }
  }
  return absl::OkStatus();
}

// Behind a comment, in which there is no line break.
std::string EndingText(const Edit& edit) {
  std::string text = edit.renew ? "\nrenew" : "";
  if (const auto* length = std::get_if<absl::Duration>(&edit.ending)) {
    absl::StrAppend(&text, "\nfor ", absl::ToInt64Nanoseconds(*length), " ns");
  } else if (const auto* end = std::get_if<absl::Time>(&edit.ending)) {
    absl::StrAppend(&text, "\nuntil ", absl::ToUnixNanos(*end), " ns");
  }
  return text;
}

}  // namespace

const char* KindName(Edit::Kind kind) {
  switch (kind) {
    case Kind::kBlock:
      return "block";
    case Kind::kUnblock:
      return "unblock";
    case Kind::kEnd:
      break;
  }
  return "end";
}

std::optional<std::size_t> IndexOfEdit(const absl::Status& status) {
  const auto payload = status.GetPayload(kEditUrl);
  std::size_t index = 0;
  if (!payload.has_value() ||
      !absl::SimpleAtoi(std::string(*payload), &index)) {
    return std::nullopt;
  }
  return index;
}

absl::StatusOr<std::vector<Step>> PlanChange(const Change& change,
                                             const policy::RuleSet& rules,
                                             const SourceCapacity& capacity,
                                             const Moment& now) {
  FW_RETURN_IF_ERROR(CheckShape(change));
  std::vector<Step> steps;
  for (std::size_t i = 0; i < change.edits.size(); ++i) {
    const Edit& edit = change.edits[i];
    const Rule* present = rules.Find(edit.match);
    auto step = edit.kind == Kind::kBlock ? PlanBlock(edit, present, now)
                                          : PlanRemoval(edit, present, now);
    if (!step.ok()) return OfEdit(step.status(), i);
    if (step->has_value()) {
      steps.push_back(**std::move(step));
    } else if (!change.skip_satisfied) {
      return edit.kind == Kind::kBlock ? BlockedAlready(*present)
                                       : NotBlocked(edit.match);
    }
  }
  FW_RETURN_IF_ERROR(CheckRoom(steps, rules, capacity));
  return steps;
}

// Everything that a set edit says.
std::string ToText(const SetEdit& edit) {
  std::string text = absl::StrCat(
      static_cast<int>(edit.kind), edit.create_missing ? " create " : " ",
      policy::SetActionName(edit.action), " ", edit.name, "\n", edit.comment,
      std::string(1, '\0'));
  if (edit.entries == nullptr) return text;
  edit.entries->ForEach([&text](const policy::SetEntry& entry) {
    absl::StrAppend(&text, entry.prefix.ToString(), " ", entry.until, "\n");
  });
  return text;
}

std::string Fingerprint(const Change& change) {
  // Stores of earlier versions hold what has no such limit.
  std::string content =
      change.confirm_within.has_value()
          ? absl::StrCat("confirm within ",
                         absl::ToInt64Nanoseconds(*change.confirm_within),
                         " ns\n")
          : "";
  if (change.rollback_to.has_value()) {
    return absl::StrCat(content, "roll back to ", *change.rollback_to);
  }
  if (change.skip_satisfied) content += "skip satisfied\n";
  for (const Edit& edit : change.edits) {
    absl::StrAppend(&content, KindName(edit.kind), " ",
                    policy::MatchToString(edit.match), "\n", edit.comment,
                    EndingText(edit));
    if (change.edits.size() > 1) content.push_back('\0');  // in no comment
  }
  // Stores of earlier versions hold the text, of rules without an end.
  if (change.edits.size() == 1 && change.sets.empty()) return content;
  for (const SetEdit& edit : change.sets) content += ToText(edit);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::StrCat(change.edits.size() + change.sets.size(),
                      " edits, SHA-256 ", absl::BytesToHexString(digest));
}

}  // namespace fwagent::core
