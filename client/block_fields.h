// What requests for blocks and for entries of sets have.
#ifndef FWAGENT_CLIENT_BLOCK_FIELDS_H_
#define FWAGENT_CLIENT_BLOCK_FIELDS_H_

#include <google/protobuf/duration.pb.h>

#include <cstdint>

#include "absl/time/time.h"
#include "client/arguments.h"
#include "client/change_fields.h"

namespace fwagent::client {

// `Request`: one that has ttl and expire_time.
template <typename Request>
void FillEnding(const Arguments& arguments, Request* request) {
  if (arguments.ttl.has_value()) {
    SetDuration(*arguments.ttl, request->mutable_ttl());
  } else if (arguments.until.has_value()) {
    const std::int64_t seconds = absl::ToUnixSeconds(*arguments.until);
    auto* time = request->mutable_expire_time();
    time->set_seconds(seconds);
    time->set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(
        *arguments.until - absl::FromUnixSeconds(seconds))));
  }
}

// `Request`: BlockIPRequest, BlockPortRequest or SourceEdit.
template <typename Request>
void FillBlock(const Arguments& arguments, Request* request) {
  request->set_comment(arguments.comment);
  request->set_renew(arguments.renew);
  FillEnding(arguments, request);
}

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_BLOCK_FIELDS_H_
