// Those whose packets must get in, so that the host can be reached and works.
#ifndef FWAGENT_AGENT_CORE_LIFELINE_H_
#define FWAGENT_AGENT_CORE_LIFELINE_H_

#include <string>

#include "agent/policy/packet_facts.h"

namespace fwagent::core {

struct Lifeline {
  policy::PacketFacts packet;  // that it sends; without ports: whatever it is
  std::string who;             // "the peer of this call"
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_LIFELINE_H_
