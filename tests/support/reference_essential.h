// The list in docs/packets.md of what a host needs to stay on the network.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_ESSENTIAL_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_ESSENTIAL_H_

#include "tests/support/reference_datagram.h"

namespace fwagent::testing {

// What of it passes.
struct Essentials {
  bool neighbor_discovery = true;
  bool icmp_errors = true;
  bool multicast_listeners = true;
  bool dhcp = true;
};

// All but neighbour discovery, which is not asked here.
bool IsEssential(const Essentials& essentials, policy::Family family,
                 const Transport& transport);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_ESSENTIAL_H_
