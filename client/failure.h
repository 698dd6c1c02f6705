// What went wrong in a run: one form for everything that is reported, whether
// the agent said it or fwctl found it.
#ifndef FWAGENT_CLIENT_FAILURE_H_
#define FWAGENT_CLIENT_FAILURE_H_

#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/exit_code.h"

namespace fwagent::client {

struct FieldViolation {
  std::string field;
  std::string description;
};

struct Failure {
  ExitCode exit_code = ExitCode::kFailed;
  std::string code;    // canonical, as in "NOT_FOUND"
  std::string reason;  // for programs, as in "USAGE"; may be empty
  std::string message;
  std::vector<FieldViolation> violations;
};

// How a step ended; empty when it is done.
using Outcome = std::optional<Failure>;

// A command line that cannot be understood.
Failure UsageFailure(std::string message);

// No connection to the agent at `address`.
Failure ConnectFailure(const std::string& address, const absl::Status& why);

// What fwctl asked, for the message of a call that failed.
struct CallContext {
  std::string address;
  absl::Duration timeout;
  bool changes_something = false;
};

// A call that did not end with OK; its error details are unpacked.
Failure CallFailure(const CallContext& call, const grpc::Status& status);

// A file, or what is in it, is not what the command needs; nothing was sent.
Failure InputFailure(std::string message);

// The output could not be written; `error` is an errno, or 0 if unknown.
Failure OutputFailure(int error);

// The agent answered, but not what it should have.
Failure CheckFailure(std::string reason, std::string message);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_FAILURE_H_
