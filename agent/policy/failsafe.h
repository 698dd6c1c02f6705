// Who is never dropped, whatever rules say.
#ifndef FWAGENT_AGENT_POLICY_FAILSAFE_H_
#define FWAGENT_AGENT_POLICY_FAILSAFE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/policy/packet_facts.h"
#include "agent/policy/port_range.h"
#include "agent/policy/prefix.h"

namespace fwagent::policy {

struct FailsafeEntry {
  Prefix sources;
  std::optional<PortRange> ports;  // none: whatever they send

  bool operator==(const FailsafeEntry&) const = default;
};

// What the program holds.
inline constexpr std::size_t kMaxFailsafeEntries = 64;

// Reads "198.51.100.0/24 22/tcp", "2001:db8::/32 22-23/tcp", "192.0.2.7" (all
// that it sends), and "any 22/tcp", which is an entry for each family.
// INVALID_ARGUMENT says what is wrong.
absl::StatusOr<std::vector<FailsafeEntry>> ParseFailsafe(std::string_view text);

// As ParseFailsafe reads it.
std::string FailsafeToString(const FailsafeEntry& entry);

// Whether one of them saves a packet; without ports, one from that address to
// any place.
bool IsFailsafe(const std::vector<FailsafeEntry>& entries,
                const PacketFacts& facts);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_FAILSAFE_H_
