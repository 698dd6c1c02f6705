// From an address to a channel.
#ifndef FWAGENT_CLIENT_CONNECTION_H_
#define FWAGENT_CLIENT_CONNECTION_H_

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/address.h"

namespace fwagent::client {

// A channel to the agent. A Unix socket is connected before this returns, and
// UNAVAILABLE says why it cannot be and what to do about it; `timeout` limits
// the wait for a place in its queue. TCP is connected by the first call.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const Address& address,
                                                       absl::Duration timeout);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_CONNECTION_H_
