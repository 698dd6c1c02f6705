#include "agent/service/convert.h"

#include <algorithm>
#include <string>
#include <string_view>
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
using policy::PortRange;
using policy::Prefix;

constexpr int kMaxEdits = 100'000;

// Null after adding a violation.
const policy::Protocol* ReadProtocol(v1::Protocol protocol,
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
      violations.Add("protocol",
                     "is missing: use PROTOCOL_TCP, PROTOCOL_UDP, "
                     "PROTOCOL_SCTP, PROTOCOL_UDPLITE or PROTOCOL_DCCP");
      return nullptr;
    default:
      violations.Add("protocol",
                     absl::StrCat("has no value ", static_cast<int>(protocol),
                                  ": use PROTOCOL_TCP (1), PROTOCOL_UDP (2), "
                                  "PROTOCOL_SCTP (3), PROTOCOL_UDPLITE (4) or "
                                  "PROTOCOL_DCCP (5)"));
      return nullptr;
  }
}

template <typename Request>
policy::Match ReadPorts(const Request& request, FieldViolations& violations) {
  const policy::Protocol* protocol =
      ReadProtocol(request.protocol(), violations);
  if (!request.has_ports()) {
    violations.Add("ports", "is missing: give the ports to match");
    return Prefix();
  }
  const auto& ports = request.ports();
  // An unknown protocol must not hide what is wrong with the ports.
  auto range = PortRange::Create(
      protocol == nullptr ? policy::Protocol::kTcp : *protocol, ports.first(),
      ports.has_last() ? ports.last() : ports.first());
  if (range.ok()) return *range;
  violations.Add("ports", std::string(range.status().message()));
  return Prefix();
}

// What every request for a block has. `path` goes before the names of fields.
template <typename Request>
core::Edit BlockEdit(const Request& request, policy::Match match,
                     const std::string& path, FieldViolations& violations) {
  core::Edit edit{
      .kind = Kind::kBlock,
      .match = std::move(match),
      .comment = ReadComment(request.comment(), path + "comment", violations),
      .renew = request.renew()};
  if (request.has_ttl()) {
    edit.ending = ReadTtl(request.ttl(), path + "ttl", violations);
  } else if (request.has_expire_time()) {
    edit.ending =
        ReadExpireTime(request.expire_time(), path + "expire_time", violations);
  }
  return edit;
}

core::Edit ReadSourceEdit(const v1::SourceEdit& edit, const std::string& field,
                          FieldViolations& violations) {
  switch (edit.action_case()) {
    case v1::SourceEdit::kBlock:
      return BlockEdit(edit,
                       ReadPrefix(edit.block(), field + ".block", violations),
                       field + ".", violations);
    case v1::SourceEdit::kUnblock:
      if (edit.renew() ||
          edit.ending_case() != v1::SourceEdit::ENDING_NOT_SET) {
        violations.Add(field + (edit.renew() ? ".renew" : ".ending"),
                       "is for a block: what is lifted has no end to come");
      }
      return {
          .kind = Kind::kUnblock,
          .match = ReadPrefix(edit.unblock(), field + ".unblock", violations),
          .comment = {}};
    case v1::SourceEdit::ACTION_NOT_SET:
      violations.Add(field, "is empty: say what to block or to unblock");
  }
  return {};
}

// A change of one rule.
template <typename Request>
absl::StatusOr<core::Change> OneEdit(const Request& request, core::Edit edit,
                                     FieldViolations& violations) {
  core::Change change = ReadCommon(request, violations);
  change.edits.push_back(std::move(edit));
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

}  // namespace

absl::StatusOr<core::Change> ToChange(const v1::BlockIPRequest& request) {
  FieldViolations violations;
  core::Edit edit =
      BlockEdit(request, ReadPrefix(request.source(), "source", violations), "",
                violations);
  return OneEdit(request, std::move(edit), violations);
}

absl::StatusOr<core::Change> ToChange(const v1::UnblockIPRequest& request) {
  FieldViolations violations;
  core::Edit edit{.kind = Kind::kUnblock,
                  .match = ReadPrefix(request.source(), "source", violations),
                  .comment = {}};
  return OneEdit(request, std::move(edit), violations);
}

absl::StatusOr<core::Change> ToChange(const v1::BlockPortRequest& request) {
  FieldViolations violations;
  core::Edit edit =
      BlockEdit(request, ReadPorts(request, violations), "", violations);
  return OneEdit(request, std::move(edit), violations);
}

absl::StatusOr<core::Change> ToChange(const v1::UnblockPortRequest& request) {
  FieldViolations violations;
  core::Edit edit{.kind = Kind::kUnblock,
                  .match = ReadPorts(request, violations),
                  .comment = {}};
  return OneEdit(request, std::move(edit), violations);
}

absl::StatusOr<core::Change> ToChange(const v1::ChangeSourcesRequest& request) {
  FieldViolations violations;
  core::Change change = ReadCommon(request, violations);
  change.skip_satisfied = request.skip_satisfied();
  if (request.edits_size() == 0 || request.edits_size() > kMaxEdits) {
    violations.Add("edits", absl::StrCat("must be 1 to ", kMaxEdits, ", not ",
                                         request.edits_size()));
  }
  FW_RETURN_IF_ERROR(violations.ToStatus());
  for (int i = 0; i < request.edits_size(); ++i) {
    change.edits.push_back(ReadSourceEdit(
        request.edits(i), absl::StrCat("edits[", i, "]"), violations));
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
