// What every request for a block has.
#ifndef FWAGENT_CLIENT_BLOCK_FIELDS_H_
#define FWAGENT_CLIENT_BLOCK_FIELDS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "client/arguments.h"
#include "client/change_fields.h"

namespace fwagent::client {

// `Request`: BlockIPRequest, BlockPortRequest or SourceEdit.
template <typename Request>
void FillBlock(const Arguments& arguments, Request* request) {
  request->set_comment(arguments.comment);
  request->set_renew(arguments.renew);
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

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_BLOCK_FIELDS_H_
