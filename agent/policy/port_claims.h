// Blocks of ports: which of them lie inside which.
#ifndef FWAGENT_AGENT_POLICY_PORT_CLAIMS_H_
#define FWAGENT_AGENT_POLICY_PORT_CLAIMS_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "agent/policy/port_range.h"

namespace fwagent::policy {

struct PortClaim {
  PortRange range;
  absl::Time until = absl::InfiniteFuture();
};

// For each claim one of the same protocol that is wider, holds all of its ports
// and does not end earlier. Takes n log n steps.
std::vector<std::optional<std::size_t>> FindWider(
    const std::vector<PortClaim>& claims);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PORT_CLAIMS_H_
