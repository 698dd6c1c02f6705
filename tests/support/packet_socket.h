// Sockets on the wire itself: whole frames, with their Ethernet header.
#ifndef FWAGENT_TESTS_SUPPORT_PACKET_SOCKET_H_
#define FWAGENT_TESTS_SUPPORT_PACKET_SOCKET_H_

#include <string>

#include "agent/util/scoped_fd.h"

namespace fwagent::testing {

// Sends from a device in the namespace of the calling thread, and receives
// what comes in there behind XDP, with much room for it; it never blocks.
// Aborts the test program when the kernel refuses.
util::ScopedFd PacketSocket(const std::string& device);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_PACKET_SOCKET_H_
