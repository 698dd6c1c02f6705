// The program's parser, run by the agent: to name the rules that the program
// asked, which itself only says verdict and reason.
#ifndef FWAGENT_AGENT_DATAPLANE_PACKET_FACTS_H_
#define FWAGENT_AGENT_DATAPLANE_PACKET_FACTS_H_

#include <string_view>

#include "agent/policy/packet_facts.h"

namespace fwagent::dataplane {

// Of any bytes, from the Ethernet header on.
policy::PacketFacts ReadFacts(std::string_view frame);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_PACKET_FACTS_H_
