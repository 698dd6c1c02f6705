// Errors on the wire: absl::Status with payloads becomes a grpc::Status with
// google.rpc details.
#ifndef FWAGENT_AGENT_SERVICE_ERROR_DETAILS_H_
#define FWAGENT_AGENT_SERVICE_ERROR_DETAILS_H_

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"

namespace fwagent::service {

// Collects every field of one request that is wrong.
class FieldViolations {
 public:
  // `field` is a path in the request, as in "source.text".
  void Add(std::string_view field, std::string_view description);

  // INVALID_ARGUMENT that names all of them; OK when there are none.
  absl::Status ToStatus() const;

 private:
  google::rpc::BadRequest bad_request_;
};

// The same error, of whatever code, about this field.
absl::Status AboutField(const absl::Status& status, std::string_view field);

// Carries the code, the message, google.rpc.ErrorInfo with the status's reason
// (or one made of its code), and BadRequest if there were violations.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_ERROR_DETAILS_H_
