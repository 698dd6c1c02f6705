// What the filter does with one packet.
#ifndef FWAGENT_AGENT_DATAPLANE_JUDGEMENT_H_
#define FWAGENT_AGENT_DATAPLANE_JUDGEMENT_H_

#include <string>

#include "agent/policy/counters.h"
#include "agent/policy/packet_facts.h"

namespace fwagent::dataplane {

// Verdict and reason are the program's own.
struct Judgement {
  std::string interface;  // whose options counted; empty: none is guarded
  policy::Verdict verdict = policy::Verdict::kPass;
  policy::Reason reason = policy::Reason::kNoMatch;
  // What the rules were asked for, so that they can be named.
  policy::PacketFacts facts;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_JUDGEMENT_H_
