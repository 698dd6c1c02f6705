// What can be set for the packets of one interface: see docs/packets.md.
#ifndef FWAGENT_AGENT_DATAPLANE_PACKET_OPTIONS_H_
#define FWAGENT_AGENT_DATAPLANE_PACKET_OPTIONS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "agent/policy/failsafe.h"

namespace fwagent::dataplane {

// What is done with packets of which not enough can be read. kAuto drops them
// when a rule would need what is missing; kPass passes those that Linux throws
// away by itself.
enum class Malformed { kAuto, kPass, kDrop };

// What is done with later fragments when nothing is known of the first one.
enum class UndecidedFragments { kPass, kDrop };

// What is done with packets that no rule says anything of.
enum class DefaultVerdict { kPass, kDrop };

// What the host needs to stay on the network: it passes although the default is
// to drop.
struct Essential {
  const char* name;
  const char* what;
  std::uint32_t bit;
};
inline constexpr std::array<Essential, 4> kEssentials = {{
    {"neighbor-discovery", "neighbour and router discovery of IPv6", 1u << 0},
    {"icmp-errors", "unreachable, Packet Too Big, time exceeded", 1u << 1},
    {"multicast-listeners", "questions and reports of MLD", 1u << 2},
    {"dhcp", "answers to the DHCP clients of the host", 1u << 3},
}};
inline constexpr std::uint32_t kAllEssentials = (1u << kEssentials.size()) - 1;

struct PacketOptions {
  Malformed malformed = Malformed::kAuto;
  UndecidedFragments undecided_fragments = UndecidedFragments::kPass;
  DefaultVerdict default_verdict = DefaultVerdict::kPass;
  std::uint32_t essential = kAllEssentials;  // bits of kEssentials
  // Nothing is dropped; what would have been is counted as Verdict::kShadowed.
  bool shadow = false;
  // Asked before a packet is dropped; at most policy::kMaxFailsafeEntries.
  std::vector<policy::FailsafeEntry> failsafe = {};

  bool operator==(const PacketOptions&) const = default;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_PACKET_OPTIONS_H_
