// Destination ports as people write them: "443/tcp", "8000-8100/udp".
#ifndef FWAGENT_AGENT_TEXT_PORT_SPEC_H_
#define FWAGENT_AGENT_TEXT_PORT_SPEC_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fwagent/v1/rule.pb.h"

namespace fwagent::text {

struct PortSpec {
  fwagent::v1::Protocol protocol = fwagent::v1::PROTOCOL_UNSPECIFIED;
  fwagent::v1::PortRange ports;
};

// INVALID_ARGUMENT, with what was probably meant, for anything that is not
// NUMBER[-NUMBER]/tcp|udp|sctp|udplite|dccp. Whether the numbers are ports in
// ascending order is for the agent to judge.
absl::StatusOr<PortSpec> ParsePortSpec(std::string_view text);

// "443/tcp", "8000-8100/udp"; a number for a protocol that is not known.
std::string PortSpecText(const v1::PortBlock& block);

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_PORT_SPEC_H_
