// What a request asks for, in few bytes, to tell a retry from another request.
#include <openssl/sha.h>

#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "agent/core/plan.h"

namespace fwagent::core {
namespace {

// Behind a comment, in which there is no line break.
std::string TextOf(const Ending& ending) {
  if (const auto* length = std::get_if<absl::Duration>(&ending)) {
    return absl::StrCat("\nfor ", absl::ToInt64Nanoseconds(*length), " ns");
  }
  if (const auto* end = std::get_if<absl::Time>(&ending)) {
    return absl::StrCat("\nuntil ", absl::ToUnixNanos(*end), " ns");
  }
  return "";
}

// Nothing for what stores of earlier versions hold.
std::string OwnerText(const Edit& edit) {
  if (edit.any_owner) return "\nof all owners";
  if (edit.owner == policy::kDefaultOwner) return "";
  return absl::StrCat("\nof ", edit.owner);
}

// Nothing for what stores of earlier versions hold.
std::string EndingText(const SetEdit& edit) {
  std::string text;
  if (edit.default_ttl != absl::ZeroDuration()) {
    absl::StrAppend(&text, "\nby default ",
                    absl::ToInt64Nanoseconds(edit.default_ttl), " ns");
  }
  if (!edit.ending.has_value()) return text;
  const std::string end = TextOf(*edit.ending);
  absl::StrAppend(&text, end.empty() ? "\nfor ever" : end);
  return text;
}

std::string UpdateText(const SetUpdate& update) {
  std::string text;
  if (update.action.has_value()) {
    absl::StrAppend(&text, "\nnow ", policy::SetActionName(*update.action));
  }
  if (update.comment.has_value()) {
    absl::StrAppend(&text, "\nnow commented ", *update.comment);
  }
  if (update.default_ttl.has_value()) {
    absl::StrAppend(&text, "\nnow by default ",
                    absl::ToInt64Nanoseconds(*update.default_ttl), " ns");
  }
  return text;
}

// Everything that a set edit says.
std::string ToText(const SetEdit& edit) {
  std::string text = absl::StrCat(
      static_cast<int>(edit.kind), edit.create_missing ? " create " : " ",
      policy::SetActionName(edit.action), " ", edit.name, "\n", edit.comment,
      edit.owner == policy::kDefaultOwner ? ""
                                          : absl::StrCat("\nof ", edit.owner),
      EndingText(edit), UpdateText(edit.update), std::string(1, '\0'));
  if (edit.entries == nullptr) return text;
  edit.entries->ForEach([&text](const policy::SetEntry& entry) {
    absl::StrAppend(&text, entry.prefix.ToString(), " ", entry.until, "\n");
  });
  return text;
}

// Everything that a document says.
void Append(const DesiredPolicy& desired, std::string& text) {
  constexpr char kEnd = '\0';  // in no comment
  absl::StrAppend(&text, "all of ", desired.owner, "\n");
  for (const DesiredRule& rule : desired.rules) {
    absl::StrAppend(&text, policy::ActionName(rule.action), " ",
                    policy::MatchToString(rule.match), "\n", rule.comment);
    if (rule.until.has_value()) text += TextOf(Ending(*rule.until));
    text.push_back(kEnd);
  }
  for (const DesiredSet& set : desired.sets) {
    absl::StrAppend(&text, set.entries == nullptr ? "keep " : "fill ");
    text += ToText({.name = set.name,
                    .action = set.action,
                    .comment = set.comment,
                    .default_ttl = set.default_ttl,
                    .entries = set.entries});
  }
}

}  // namespace

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
    absl::StrAppend(&content, VerbOf(edit.kind, edit.action), " ",
                    policy::MatchToString(edit.match), "\n", edit.comment,
                    edit.renew ? "\nrenew" : "", TextOf(edit.ending),
                    OwnerText(edit));
    if (change.edits.size() > 1) content.push_back('\0');  // in no comment
  }
  // Stores of earlier versions hold the text, of rules without an end.
  if (change.edits.size() == 1 && change.sets.empty()) return content;
  for (const SetEdit& edit : change.sets) content += ToText(edit);
  for (const DesiredPolicy& desired : change.desired) Append(desired, content);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::StrCat(change.edits.size() + change.sets.size(),
                      " edits, SHA-256 ", absl::BytesToHexString(digest));
}

}  // namespace fwagent::core
