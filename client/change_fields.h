// What every request for a change has, and every answer to one.
#ifndef FWAGENT_CLIENT_CHANGE_FIELDS_H_
#define FWAGENT_CLIENT_CHANGE_FIELDS_H_

#include <google/protobuf/duration.pb.h>

#include <cstdint>

#include "absl/time/time.h"
#include "client/arguments.h"
#include "client/commands.h"

namespace fwagent::client {

inline void SetDuration(absl::Duration duration,
                        google::protobuf::Duration* wire) {
  absl::Duration rest;
  wire->set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  wire->set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
}

template <typename Request>
void FillChange(const Arguments& arguments, Request* request) {
  request->set_request_id(arguments.request_id);
  request->set_validate_only(arguments.validate_only);
  request->set_etag(arguments.etag);
  request->set_force(arguments.force);
  if (arguments.confirm_within.has_value()) {
    SetDuration(*arguments.confirm_within, request->mutable_confirm_within());
  }
}

// Says that the change must be confirmed, if it must be.
template <typename Response>
void SayUnconfirmed(const CommandContext& context, const Response& response) {
  if (!response.has_confirm_by()) return;
  context.renderer.Unconfirmed(
      context.arguments.confirm_within.value_or(absl::ZeroDuration()),
      response.confirm_by());
}

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_CHANGE_FIELDS_H_
