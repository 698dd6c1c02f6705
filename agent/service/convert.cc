#include "agent/service/convert.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/service/error_details.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

using policy::PortRange;
using policy::Prefix;

constexpr std::size_t kMaxRequestIdBytes = 64;
constexpr std::size_t kDefaultPageSize = 1'000;
constexpr std::size_t kMaxPageSize = 10'000;

// A rule's prefix, or the default one after adding a violation.
Prefix ReadPrefix(const v1::Prefix& prefix, FieldViolations& violations) {
  absl::StatusOr<Prefix> parsed;
  const char* field = "source";
  switch (prefix.form_case()) {
    case v1::Prefix::kText:
      field = "source.text";
      parsed = Prefix::Parse(prefix.text());
      break;
    case v1::Prefix::kBinary: {
      field = "source.binary";
      const auto& binary = prefix.binary();
      parsed = Prefix::FromBytes(
          binary.address(),
          binary.has_length()
              ? binary.length()
              : static_cast<std::uint32_t>(8 * binary.address().size()));
      break;
    }
    case v1::Prefix::FORM_NOT_SET:
      parsed = absl::InvalidArgumentError(
          "is missing: give the addresses to match, as text such as "
          "\"192.0.2.0/24\" or in binary");
      break;
  }
  if (parsed.ok()) return *parsed;
  violations.Add(field, std::string(parsed.status().message()));
  return Prefix();
}

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

// What every change has.
template <typename Request>
core::Change ReadCommon(const Request& request, core::Change::Kind kind,
                        FieldViolations& violations) {
  core::Change change;
  change.kind = kind;
  change.validate_only = request.validate_only();
  change.request_id = request.request_id();
  const bool printable =
      std::all_of(change.request_id.begin(), change.request_id.end(),
                  [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable || change.request_id.size() > kMaxRequestIdBytes) {
    violations.Add("request_id",
                   absl::StrCat("must be at most ", kMaxRequestIdBytes,
                                " printable ASCII characters, best a UUID"));
  }
  return change;
}

template <typename Request>
void ReadComment(const Request& request, core::Change& change,
                 FieldViolations& violations) {
  const absl::Status valid = policy::ValidateComment(request.comment());
  if (!valid.ok()) violations.Add("comment", std::string(valid.message()));
  change.comment = request.comment();
}

absl::StatusOr<core::Change> Finish(core::Change change,
                                    const FieldViolations& violations) {
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return change;
}

}  // namespace

absl::StatusOr<core::Change> ToChange(const v1::BlockIPRequest& request) {
  FieldViolations violations;
  auto change = ReadCommon(request, core::Change::Kind::kBlock, violations);
  ReadComment(request, change, violations);
  change.match = ReadPrefix(request.source(), violations);
  return Finish(std::move(change), violations);
}

absl::StatusOr<core::Change> ToChange(const v1::UnblockIPRequest& request) {
  FieldViolations violations;
  auto change = ReadCommon(request, core::Change::Kind::kUnblock, violations);
  change.match = ReadPrefix(request.source(), violations);
  return Finish(std::move(change), violations);
}

absl::StatusOr<core::Change> ToChange(const v1::BlockPortRequest& request) {
  FieldViolations violations;
  auto change = ReadCommon(request, core::Change::Kind::kBlock, violations);
  ReadComment(request, change, violations);
  change.match = ReadPorts(request, violations);
  return Finish(std::move(change), violations);
}

absl::StatusOr<core::Change> ToChange(const v1::UnblockPortRequest& request) {
  FieldViolations violations;
  auto change = ReadCommon(request, core::Change::Kind::kUnblock, violations);
  change.match = ReadPorts(request, violations);
  return Finish(std::move(change), violations);
}

absl::StatusOr<PageRequest> ToPageRequest(const v1::ListRulesRequest& request) {
  FieldViolations violations;
  PageRequest page;
  if (request.page_size() < 0) {
    violations.Add("page_size", "must not be negative");
  }
  page.limit = request.page_size() <= 0
                   ? kDefaultPageSize
                   : std::min(static_cast<std::size_t>(request.page_size()),
                              kMaxPageSize);
  // The token is the id of the last rule of the page before. SimpleAtoi alone
  // would also take spaces around it.
  const std::string& token = request.page_token();
  if (!token.empty() && (!std::all_of(token.begin(), token.end(), [](char c) {
        return absl::ascii_isdigit(c);
      }) || !absl::SimpleAtoi(token, &page.after))) {
    violations.Add("page_token",
                   "is not one that this service gave: use next_page_token of "
                   "the page before");
  }
  FW_RETURN_IF_ERROR(violations.ToStatus());
  return page;
}

}  // namespace fwagent::service
