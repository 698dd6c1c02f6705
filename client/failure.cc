#include "client/failure.h"

#include <grpcpp/support/error_details.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace fwagent::client {
namespace {

// gRPC and Abseil number the canonical codes alike.
std::string CodeName(grpc::StatusCode code) {
  const std::string name =
      absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? absl::StrCat("CODE_", static_cast<int>(code)) : name;
}

// For a status that is not the agent's own.
std::string CallMessage(const CallContext& call, const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::StrCat(
        "no answer from the agent at ", call.address, " within ",
        absl::FormatDuration(call.timeout),
        call.changes_something
            ? "; the change may or may not have been made, see 'fwctl list'"
            : "");
  }
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    return absl::StrCat("cannot reach the agent at ", call.address, ": ",
                        status.error_message(), "; is fwagent running?");
  }
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return absl::StrCat("what answers at ", call.address,
                        " does not know this command: not fwagent, or an "
                        "older one");
  }
  if (status.error_message().empty()) return CodeName(status.error_code());
  return status.error_message();
}

bool NoAgentAnswered(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE ||
         code == grpc::StatusCode::DEADLINE_EXCEEDED;
}

// What the agent itself refuses carries its reason; what gRPC says of a
// connection does not. Details that cannot be read leave the failure with its
// message alone.
void AddDetails(const grpc::Status& status, Failure* failure) {
  google::rpc::Status envelope;
  if (!grpc::ExtractErrorDetails(status, &envelope).ok()) return;
  for (const auto& detail : envelope.details()) {
    google::rpc::BadRequest bad_request;
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        failure->violations.push_back(
            {violation.field(), violation.description()});
      }
    } else if (detail.UnpackTo(&info)) {
      failure->reason = info.reason();
    }
  }
}

}  // namespace

Failure UsageFailure(std::string message) {
  return {
      ExitCode::kUsage, "INVALID_ARGUMENT", "USAGE", std::move(message), {}};
}

Failure ConnectFailure(const std::string& address, const absl::Status& why) {
  return {
      ExitCode::kUnreachable,
      "UNAVAILABLE",
      "AGENT_UNREACHABLE",
      absl::StrCat("cannot reach the agent at ", address, ": ", why.message()),
      {}};
}

Failure CallFailure(const CallContext& call, const grpc::Status& status) {
  Failure failure;
  failure.code = CodeName(status.error_code());
  AddDetails(status, &failure);
  if (!failure.reason.empty()) {
    failure.message = status.error_message();
    return failure;
  }
  failure.message = CallMessage(call, status);
  if (NoAgentAnswered(status.error_code())) {
    failure.exit_code = ExitCode::kUnreachable;
    failure.reason = "AGENT_UNREACHABLE";
  }
  return failure;
}

Failure InputFailure(std::string message) {
  return {
      ExitCode::kFailed, "INVALID_ARGUMENT", "INPUT", std::move(message), {}};
}

Failure OutputFailure(int error) {
  std::string message = "cannot write the output";
  if (error != 0) absl::StrAppend(&message, ": ", std::strerror(error));
  return {
      ExitCode::kFailed, "DATA_LOSS", "OUTPUT_FAILED", std::move(message), {}};
}

Failure CheckFailure(std::string reason, std::string message) {
  return {ExitCode::kFailed,
          "FAILED_PRECONDITION",
          std::move(reason),
          std::move(message),
          {}};
}

}  // namespace fwagent::client
