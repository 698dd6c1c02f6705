#include "agent/service/error_details.h"

#include <grpcpp/support/error_details.h>

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"
#include "google/rpc/status.pb.h"

namespace fwagent::service {
namespace {

constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kDomain[] = "fwagent";

// gRPC and Abseil number the codes alike.
grpc::StatusCode ToGrpcCode(absl::StatusCode code) {
  return static_cast<grpc::StatusCode>(code);
}

}  // namespace

void FieldViolations::Add(std::string_view field,
                          std::string_view description) {
  auto* violation = bad_request_.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
}

absl::Status FieldViolations::ToStatus() const {
  if (bad_request_.field_violations().empty()) return absl::OkStatus();
  std::string message;
  for (const auto& violation : bad_request_.field_violations()) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", violation.field(),
                    ": ", violation.description());
  }
  absl::Status status =
      util::WithReason(absl::InvalidArgumentError(message), "INVALID_FIELD");
  status.SetPayload(kBadRequestUrl,
                    absl::Cord(bad_request_.SerializeAsString()));
  return status;
}

absl::Status AboutField(const absl::Status& status, std::string_view field) {
  const std::string message(status.message());
  google::rpc::BadRequest details;
  auto* violation = details.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(message);
  absl::Status about(status.code(),
                     absl::StrCat(std::string(field), ": ", message));
  const std::string reason = util::ReasonOf(status);
  if (!reason.empty()) about = util::WithReason(std::move(about), reason);
  about.SetPayload(kBadRequestUrl, absl::Cord(details.SerializeAsString()));
  return about;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message(status.message());
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(message);

  google::rpc::ErrorInfo info;
  const std::string reason = util::ReasonOf(status);
  info.set_reason(reason.empty() ? absl::StatusCodeToString(status.code())
                                 : reason);
  info.set_domain(kDomain);
  wire.add_details()->PackFrom(info);
  if (const auto payload = status.GetPayload(kBadRequestUrl)) {
    auto* any = wire.add_details();
    any->set_type_url(kBadRequestUrl);
    any->set_value(std::string(*payload));
  }
  grpc::Status result(ToGrpcCode(status.code()), message);
  const grpc::Status set = grpc::SetErrorDetails(wire, &result);
  return set.ok() ? result : set;
}

}  // namespace fwagent::service
