// What the kernel of a host delivers to sockets, of frames that its peer sends.
#ifndef FWAGENT_TESTS_E2E_DELIVERY_H_
#define FWAGENT_TESTS_E2E_DELIVERY_H_

#include <poll.h>

#include <cstdint>
#include <set>
#include <vector>

#include "absl/time/time.h"
#include "agent/util/scoped_fd.h"
#include "tests/support/agent_host.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// Sockets of every kind that tests/e2e/probe.h can ask for, on its port, and
// one that sends frames from the peer's eth0. A SYN and an echo request count
// as delivered when the answer has reached the peer.
class Delivery {
 public:
  // Gives the devices the addresses that Ethernet{} has. Aborts the test
  // program when the kernel refuses.
  explicit Delivery(const AgentHost& site);

  // The longest frame that Send takes, tags not counted.
  void SetMtu(int mtu);

  // Whether the frame fits the device.
  bool Send(const Bytes& frame);
  // Numbers of the probes that were delivered since the last time.
  std::multiset<std::uint16_t> Collect();

 private:
  // Whether something came.
  bool TakeWhatComes(absl::Duration patience);

  const AgentHost& site_;
  util::ScopedFd udp_;
  util::ScopedFd tcp_;
  std::vector<util::ScopedFd> raw_;  // of either family
  util::ScopedFd wire_;              // of the peer
  std::vector<pollfd> waiting_;      // all of them but tcp_
  std::multiset<std::uint16_t> delivered_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_E2E_DELIVERY_H_
