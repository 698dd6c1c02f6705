// What can be set for the packets of one interface: see docs/packets.md.
#ifndef FWAGENT_AGENT_DATAPLANE_PACKET_OPTIONS_H_
#define FWAGENT_AGENT_DATAPLANE_PACKET_OPTIONS_H_

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

struct PacketOptions {
  Malformed malformed = Malformed::kAuto;
  UndecidedFragments undecided_fragments = UndecidedFragments::kPass;
  DefaultVerdict default_verdict = DefaultVerdict::kPass;
  // Asked before a packet is dropped; at most policy::kMaxFailsafeEntries.
  std::vector<policy::FailsafeEntry> failsafe = {};

  bool operator==(const PacketOptions&) const = default;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_PACKET_OPTIONS_H_
