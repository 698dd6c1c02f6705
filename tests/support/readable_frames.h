// Frames at random that every filter can read down to the ports, so that rules
// alone decide about them.
#ifndef FWAGENT_TESTS_SUPPORT_READABLE_FRAMES_H_
#define FWAGENT_TESTS_SUPPORT_READABLE_FRAMES_H_

#include "tests/support/dice.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// TCP, UDP, UDP-Lite, SCTP or DCCP of either family, from the sources and for
// the ports of RandomFrames or their neighbours; behind one tag, IPv4 options
// or IPv6 extension headers now and then, and with padding. Some are fragments,
// first ones and atomic ones.
Bytes ReadableFrame(Dice& dice);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_READABLE_FRAMES_H_
