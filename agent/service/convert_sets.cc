#include "agent/service/convert_sets.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/service/convert_time.h"
#include "agent/service/error_details.h"
#include "agent/service/request_fields.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

using Kind = core::SetEdit::Kind;
using policy::SetAction;
using policy::SetEntries;

constexpr int kMaxEntries = 100'000;

std::string ReadName(const std::string& name, FieldViolations& violations,
                     const std::string& path = "") {
  const absl::Status valid = policy::ValidateSetName(name);
  if (!valid.ok()) violations.Add(path + "name", std::string(valid.message()));
  return name;
}

SetAction ReadAction(v1::SetAction action, FieldViolations& violations,
                     const std::string& path = "") {
  switch (action) {
    case v1::SET_ACTION_UNSPECIFIED:
    case v1::SET_ACTION_BLOCK:
      return SetAction::kBlock;
    case v1::SET_ACTION_ALLOW:
      return SetAction::kAllow;
    case v1::SET_ACTION_NONE:
      return SetAction::kNone;
    case v1::SET_ACTION_SHADOW:
      return SetAction::kShadow;
    default:
      violations.Add(path + "action",
                     absl::StrCat("has no value ", static_cast<int>(action),
                                  ": use SET_ACTION_BLOCK (1), "
                                  "SET_ACTION_ALLOW (2), SET_ACTION_NONE (3) "
                                  "or SET_ACTION_SHADOW (4)"));
      return SetAction::kBlock;
  }
}

v1::SetAction ToProto(SetAction action) {
  switch (action) {
    case SetAction::kAllow:
      return v1::SET_ACTION_ALLOW;
    case SetAction::kNone:
      return v1::SET_ACTION_NONE;
    case SetAction::kShadow:
      return v1::SET_ACTION_SHADOW;
    case SetAction::kBlock:
      break;
  }
  return v1::SET_ACTION_BLOCK;
}

// How entries end that do not say so; nullopt: as the set has it.
template <typename Request>
std::optional<core::Ending> ReadEnding(const Request& request,
                                       FieldViolations& violations) {
  switch (request.ending_case()) {
    case Request::kTtl:
      return core::Ending(ReadTtl(request.ttl(), "ttl", violations));
    case Request::kExpireTime:
      return core::Ending(
          ReadExpireTime(request.expire_time(), "expire_time", violations));
    case Request::kPermanent:
      if (!request.permanent()) {
        violations.Add("permanent", "can only be true: leave it out");
      }
      return core::Ending();
    case Request::ENDING_NOT_SET:
      break;
  }
  return std::nullopt;
}

template <typename Request>
absl::Duration ReadDefaultTtl(const Request& request,
                              FieldViolations& violations,
                              const std::string& path = "") {
  if (!request.has_default_ttl()) return absl::ZeroDuration();
  const absl::Duration ttl =
      ReadTtl(request.default_ttl(), path + "default_ttl", violations);
  // The store keeps whole ones.
  return absl::Ceil(ttl, absl::Microseconds(1));
}

// A change of one set; what is special to it is filled in by the caller.
template <typename Request>
core::Change ReadSetChange(const Request& request, Kind kind,
                           FieldViolations& violations) {
  core::Change change = ReadCommon(request, violations);
  core::SetEdit edit;
  edit.kind = kind;
  edit.name = ReadName(request.name(), violations);
  edit.owner = ReadOwner(request.owner(), violations);
  change.sets.push_back(std::move(edit));
  return change;
}

template <typename Prefixes, typename GetPrefix>
absl::StatusOr<std::shared_ptr<const SetEntries>> ReadEntries(
    const Prefixes& prefixes, const std::string& field,
    const GetPrefix& get_prefix) {
  FieldViolations violations;
  if (prefixes.empty() || prefixes.size() > kMaxEntries) {
    violations.Add(field, absl::StrCat("must be 1 to ", kMaxEntries, ", not ",
                                       prefixes.size()));
  }
  FW_RETURN_IF_ERROR(violations.ToStatus());
  SetEntries::Builder builder;
  for (int i = 0; i < prefixes.size(); ++i) {
    builder.Add({get_prefix(prefixes[i], absl::StrCat(field, "[", i, "]"),
                            violations)});
    // One is enough: there may be very many.
    FW_RETURN_IF_ERROR(violations.ToStatus());
  }
  return std::make_shared<SetEntries>(std::move(builder).Build());
}

}  // namespace

absl::StatusOr<core::Change> ToChange(const v1::CreateSetRequest& request) {
  FieldViolations violations;
  core::Change change = ReadSetChange(request, Kind::kCreate, violations);
  change.skip_satisfied = request.skip_satisfied();
  change.sets[0].action = ReadAction(request.action(), violations);
  change.sets[0].comment =
      ReadComment(request.comment(), "comment", violations);
  change.sets[0].default_ttl = ReadDefaultTtl(request, violations);
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

absl::StatusOr<core::Change> ToChange(const v1::UpdateSetRequest& request) {
  FieldViolations violations;
  core::Change change = ReadSetChange(request, Kind::kUpdate, violations);
  core::SetUpdate& update = change.sets[0].update;
  if (request.action() != v1::SET_ACTION_UNSPECIFIED) {
    update.action = ReadAction(request.action(), violations);
  }
  if (request.has_comment()) {
    update.comment = ReadComment(request.comment(), "comment", violations);
  }
  if (request.has_default_ttl() && request.no_default_ttl()) {
    violations.Add("no_default_ttl",
                   "goes without default_ttl: give one of the two");
  } else if (request.has_default_ttl()) {
    update.default_ttl = ReadDefaultTtl(request, violations);
  } else if (request.no_default_ttl()) {
    update.default_ttl = absl::ZeroDuration();
  }
  if (!update.action && !update.comment && !update.default_ttl) {
    violations.Add("action",
                   "or comment, default_ttl or no_default_ttl is required");
  }
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

absl::StatusOr<core::Change> ToChange(const v1::DeleteSetRequest& request) {
  FieldViolations violations;
  core::Change change = ReadSetChange(request, Kind::kDelete, violations);
  change.skip_satisfied = request.skip_satisfied();
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

absl::StatusOr<core::Change> ToChange(const v1::AddSetEntriesRequest& request) {
  FieldViolations violations;
  core::Change change = ReadSetChange(request, Kind::kPut, violations);
  change.sets[0].ending = ReadEnding(request, violations);
  FW_RETURN_IF_ERROR(violations.ToStatus());
  const auto get_prefix = [](const v1::SetEntry& entry,
                             const std::string& field, FieldViolations& wrong) {
    if (entry.has_expire_time()) {
      wrong.Add(field + ".expire_time",
                "is for answers: give one end for all in this request, or "
                "import entries that each have their own");
    }
    return ReadPrefix(entry.prefix(), field + ".prefix", wrong);
  };
  FW_ASSIGN_OR_RETURN(change.sets[0].entries,
                      ReadEntries(request.entries(), "entries", get_prefix));
  return change;
}

absl::StatusOr<core::Change> ToChange(
    const v1::RemoveSetEntriesRequest& request) {
  FieldViolations violations;
  core::Change change = ReadSetChange(request, Kind::kErase, violations);
  change.skip_satisfied = request.skip_satisfied();
  if (request.all() && !request.prefixes().empty()) {
    violations.Add("all", "goes without prefixes: give one of the two");
  }
  FW_RETURN_IF_ERROR(violations.ToStatus());
  if (request.all()) {
    change.sets[0].kind = Kind::kReplace;
    change.sets[0].entries = std::make_shared<SetEntries>();
    return change;
  }
  FW_ASSIGN_OR_RETURN(change.sets[0].entries,
                      ReadEntries(request.prefixes(), "prefixes", ReadPrefix));
  return change;
}

absl::StatusOr<core::Change> ToChange(const v1::ImportHeader& header) {
  FieldViolations violations;
  core::Change change = ReadSetChange(header, Kind::kReplace, violations);
  core::SetEdit& edit = change.sets[0];
  edit.create_missing = true;
  if (header.mode() == v1::IMPORT_MODE_ADD) {
    edit.kind = Kind::kPut;
  } else if (header.mode() != v1::IMPORT_MODE_UNSPECIFIED &&
             header.mode() != v1::IMPORT_MODE_REPLACE) {
    violations.Add(
        "mode", absl::StrCat("has no value ", static_cast<int>(header.mode()),
                             ": use IMPORT_MODE_REPLACE (1) or "
                             "IMPORT_MODE_ADD (2)"));
  }
  edit.action = ReadAction(header.action(), violations);
  edit.keep_action = header.action() == v1::SET_ACTION_UNSPECIFIED;
  edit.comment = ReadComment(header.comment(), "comment", violations);
  edit.ending = ReadEnding(header, violations);
  edit.default_ttl = ReadDefaultTtl(header, violations);
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

core::DesiredSet ReadSet(const v1::Set& wire, const std::string& path,
                         FieldViolations& violations) {
  core::DesiredSet set;
  set.name = ReadName(wire.name(), violations, path);
  set.action = ReadAction(wire.action(), violations, path);
  set.comment = ReadComment(wire.comment(), path + "comment", violations);
  set.default_ttl = ReadDefaultTtl(wire, violations, path);
  return set;
}

absl::StatusOr<EntryPageRequest> ToPageRequest(
    const v1::ListSetEntriesRequest& request) {
  FieldViolations violations;
  EntryPageRequest page{.set = ReadName(request.name(), violations),
                        .after = {},
                        .limit = ReadPageSize(request.page_size(), violations)};
  if (!request.page_token().empty()) {
    // The token is the last prefix of the page before.
    const auto after = policy::Prefix::Parse(request.page_token());
    if (after.ok()) {
      page.after = *after;
    } else {
      violations.Add("page_token",
                     "is not one that this service gave: use next_page_token "
                     "of the page before");
    }
  }
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return page;
}

absl::StatusOr<policy::Prefix> ToPrefix(const v1::FindInSetsRequest& request) {
  FieldViolations violations;
  const policy::Prefix prefix =
      ReadPrefix(request.prefix(), "prefix", violations);
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return prefix;
}

v1::Set ToProto(const policy::SetInfo& info, std::size_t size) {
  v1::Set wire;
  wire.set_id(info.id);
  wire.set_name(info.name);
  wire.set_action(ToProto(info.action));
  wire.set_comment(info.comment);
  wire.set_owner(info.owner);
  if (info.id != 0) *wire.mutable_create_time() = ToTimestamp(info.create_time);
  if (info.default_ttl != absl::ZeroDuration()) {
    *wire.mutable_default_ttl() = ToDuration(info.default_ttl);
  }
  wire.set_size(size);
  return wire;
}

v1::SetEntry ToProto(const policy::SetEntry& entry, const core::Moment& now) {
  v1::SetEntry wire;
  wire.mutable_prefix()->set_text(entry.prefix.ToString());
  if (entry.until != policy::kForever) {
    wire.mutable_expire_time()->set_seconds(
        absl::ToUnixSeconds(now.WallAt(entry.until)));
  }
  return wire;
}

v1::ListSetEntriesResponse ToProto(const core::SetPage& page,
                                   const core::Moment& now) {
  v1::ListSetEntriesResponse wire;
  for (const policy::SetEntry& entry : page.entries) {
    *wire.add_entries() = ToProto(entry, now);
  }
  if (!page.last) {
    wire.set_next_page_token(page.entries.back().prefix.ToString());
  }
  wire.set_total_size(page.total);
  wire.set_generation(page.generation);
  return wire;
}

}  // namespace fwagent::service
