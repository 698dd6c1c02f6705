// Destination ports as people write them: "443/tcp", "8000-8100/udp".
#ifndef FWAGENT_CLIENT_PORT_SPEC_H_
#define FWAGENT_CLIENT_PORT_SPEC_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "fwagent/v1/rule.pb.h"

namespace fwagent::client {

struct PortSpec {
  fwagent::v1::Protocol protocol = fwagent::v1::PROTOCOL_UNSPECIFIED;
  fwagent::v1::PortRange ports;
};

// INVALID_ARGUMENT, with what was probably meant, for anything that is not
// NUMBER[-NUMBER]/tcp|udp|sctp|udplite|dccp. Whether the numbers are ports in
// ascending order is for the agent to judge.
absl::StatusOr<PortSpec> ParsePortSpec(std::string_view text);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_PORT_SPEC_H_
