#include "agent/service/convert.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/service/convert_time.h"
#include "agent/service/error_details.h"
#include "agent/service/request_fields.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

using Kind = core::Edit::Kind;
using policy::Action;
using policy::PortRange;
using policy::Prefix;

// Null after adding a violation.
const policy::Protocol* ReadProtocol(v1::Protocol protocol,
                                     const std::string& field,
                                     FieldViolations& violations) {
  switch (protocol) {
    case v1::PROTOCOL_TCP:
      return &policy::kProtocols[0];
    case v1::PROTOCOL_UDP:
      return &policy::kProtocols[1];
    case v1::PROTOCOL_SCTP:
      return &policy::kProtocols[2];
    case v1::PROTOCOL_UDPLITE:
      return &policy::kProtocols[3];
    case v1::PROTOCOL_DCCP:
      return &policy::kProtocols[4];
    case v1::PROTOCOL_UNSPECIFIED:
      violations.Add(field,
                     "is missing: use PROTOCOL_TCP, PROTOCOL_UDP, "
                     "PROTOCOL_SCTP, PROTOCOL_UDPLITE or PROTOCOL_DCCP");
      return nullptr;
    default:
      violations.Add(field,
                     absl::StrCat("has no value ", static_cast<int>(protocol),
                                  ": use PROTOCOL_TCP (1), PROTOCOL_UDP (2), "
                                  "PROTOCOL_SCTP (3), PROTOCOL_UDPLITE (4) or "
                                  "PROTOCOL_DCCP (5)"));
      return nullptr;
  }
}

template <typename Request>
policy::Match ReadPorts(const Request& request, FieldViolations& violations,
                        const std::string& path = "") {
  const policy::Protocol* protocol =
      ReadProtocol(request.protocol(), path + "protocol", violations);
  if (!request.has_ports()) {
    violations.Add(path + "ports", "is missing: give the ports to match");
    return Prefix();
  }
  const auto& ports = request.ports();
  // An unknown protocol must not hide what is wrong with the ports.
  auto range = PortRange::Create(
      protocol == nullptr ? policy::Protocol::kTcp : *protocol, ports.first(),
      ports.has_last() ? ports.last() : ports.first());
  if (range.ok()) return *range;
  violations.Add(path + "ports", std::string(range.status().message()));
  return Prefix();
}

core::Edit AddSourceEdit(const v1::SourceEdit& edit, Action action,
                         const v1::Prefix& prefix, const std::string& field,
                         FieldViolations& violations) {
  core::Edit added = AddEdit(
      edit,
      ReadPrefix(prefix, absl::StrCat(field, ".", policy::ActionName(action)),
                 violations),
      field + ".", violations);
  added.action = action;
  return added;
}

core::Edit RemoveSourceEdit(const v1::SourceEdit& edit, Action action,
                            const v1::Prefix& prefix, const std::string& field,
                            FieldViolations& violations) {
  if (edit.renew() || edit.ending_case() != v1::SourceEdit::ENDING_NOT_SET) {
    violations.Add(field + (edit.renew() ? ".renew" : ".ending"),
                   "is for a new rule: what is lifted has no end to come");
  }
  return {.kind = Kind::kRemove,
          .match = ReadPrefix(
              prefix, absl::StrCat(field, ".un", policy::ActionName(action)),
              violations),
          .comment = {},
          .action = action};
}

core::Edit ReadSourceEdit(const v1::SourceEdit& edit, const std::string& field,
                          FieldViolations& violations) {
  switch (edit.action_case()) {
    case v1::SourceEdit::kBlock:
      return AddSourceEdit(edit, Action::kBlock, edit.block(), field,
                           violations);
    case v1::SourceEdit::kAllow:
      return AddSourceEdit(edit, Action::kAllow, edit.allow(), field,
                           violations);
    case v1::SourceEdit::kUnblock:
      return RemoveSourceEdit(edit, Action::kBlock, edit.unblock(), field,
                              violations);
    case v1::SourceEdit::kUnallow:
      return RemoveSourceEdit(edit, Action::kAllow, edit.unallow(), field,
                              violations);
    case v1::SourceEdit::ACTION_NOT_SET:
      violations.Add(field,
                     "is empty: say what to block, unblock, allow or unallow");
  }
  return {};
}

// A change of one rule.
template <typename Request>
absl::StatusOr<core::Change> OneEdit(const Request& request, core::Edit edit,
                                     FieldViolations& violations) {
  core::Change change = ReadCommon(request, violations);
  edit.owner = ReadOwner(request.owner(), violations);
  change.edits.push_back(std::move(edit));
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

template <typename Request>
absl::StatusOr<core::Change> AddSource(const Request& request, Action action) {
  FieldViolations violations;
  core::Edit edit =
      AddEdit(request, ReadPrefix(request.source(), "source", violations), "",
              violations);
  edit.action = action;
  return OneEdit(request, std::move(edit), violations);
}

template <typename Request>
absl::StatusOr<core::Change> RemoveSource(const Request& request,
                                          Action action) {
  FieldViolations violations;
  return OneEdit(request,
                 {.kind = Kind::kRemove,
                  .match = ReadPrefix(request.source(), "source", violations),
                  .comment = {},
                  .action = action,
                  .any_owner = request.all_owners()},
                 violations);
}

}  // namespace

core::DesiredRule ReadRule(const v1::Rule& wire, const std::string& path,
                           FieldViolations& violations) {
  core::DesiredRule rule;
  switch (wire.match_case()) {
    case v1::Rule::kSourceBlock:
      rule.match = ReadPrefix(wire.source_block().source(),
                              path + ".source_block.source", violations);
      break;
    case v1::Rule::kSourceAllow:
      rule.match = ReadPrefix(wire.source_allow().source(),
                              path + ".source_allow.source", violations);
      rule.action = Action::kAllow;
      break;
    case v1::Rule::kPortBlock:
      rule.match =
          ReadPorts(wire.port_block(), violations, path + ".port_block.");
      break;
    case v1::Rule::kFilter:
      std::tie(rule.match, rule.action) =
          ReadFilterRule(wire.filter(), path + ".filter", violations);
      break;
    case v1::Rule::MATCH_NOT_SET:
      violations.Add(path, "is empty: say what is blocked, allowed or judged");
      break;
  }
  rule.comment = ReadComment(wire.comment(), path + ".comment", violations);
  if (wire.has_expire_time()) {
    rule.until =
        ReadExpireTime(wire.expire_time(), path + ".expire_time", violations);
  }
  return rule;
}

absl::StatusOr<core::Change> ToChange(const v1::BlockIPRequest& request) {
  return AddSource(request, Action::kBlock);
}

absl::StatusOr<core::Change> ToChange(const v1::AllowIPRequest& request) {
  return AddSource(request, Action::kAllow);
}

absl::StatusOr<core::Change> ToChange(const v1::UnblockIPRequest& request) {
  return RemoveSource(request, Action::kBlock);
}

absl::StatusOr<core::Change> ToChange(const v1::UnallowIPRequest& request) {
  return RemoveSource(request, Action::kAllow);
}

absl::StatusOr<core::Change> ToChange(const v1::BlockPortRequest& request) {
  FieldViolations violations;
  core::Edit edit =
      AddEdit(request, ReadPorts(request, violations), "", violations);
  return OneEdit(request, std::move(edit), violations);
}

absl::StatusOr<core::Change> ToChange(const v1::UnblockPortRequest& request) {
  FieldViolations violations;
  return OneEdit(request,
                 {.kind = Kind::kRemove,
                  .match = ReadPorts(request, violations),
                  .comment = {},
                  .any_owner = request.all_owners()},
                 violations);
}

absl::StatusOr<core::Change> ToChange(const v1::ChangeSourcesRequest& request) {
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
    core::Edit edit = ReadSourceEdit(
        request.edits(i), absl::StrCat("edits[", i, "]"), violations);
    edit.owner = owner;
    edit.any_owner =
        request.all_owners() && edit.kind == core::Edit::Kind::kRemove;
    change.edits.push_back(std::move(edit));
    // One is enough: there may be very many.
    FW_RETURN_IF_ERROR(violations.ToStatus());
  }
  return change;
}

absl::StatusOr<PageRequest> ToPageRequest(const v1::ListRulesRequest& request) {
  FieldViolations violations;
  PageRequest page;
  page.limit = ReadPageSize(request.page_size(), violations);
  // The token is the id of the last rule of the page before.
  page.after = ReadNumberToken(request.page_token(), 0, violations);
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return page;
}

absl::StatusOr<core::RecoverFrom> ToRecoverFrom(
    const v1::RecoverRequest& request) {
  if (request.from() == v1::RECOVERY_SOURCE_KERNEL) {
    return core::RecoverFrom::kKernel;
  }
  if (request.from() == v1::RECOVERY_SOURCE_COPY) {
    return core::RecoverFrom::kCopy;
  }
  FieldViolations violations;
  violations.Add("from",
                 "must be RECOVERY_SOURCE_KERNEL (1) or RECOVERY_SOURCE_COPY "
                 "(2)");
  return violations.ToStatus();
}

}  // namespace fwagent::service
