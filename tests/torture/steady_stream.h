// What goes on from the first moment of a test to the last: packets that must
// never arrive, and packets that all must.
#ifndef FWAGENT_TESTS_TORTURE_STEADY_STREAM_H_
#define FWAGENT_TESTS_TORTURE_STEADY_STREAM_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "agent/util/scoped_fd.h"
#include "tests/support/agent_host.h"

namespace fwagent::testing {

struct StreamCounts {
  std::uint64_t guilty_sent = 0;
  std::uint64_t guilty_arrived = 0;
  std::uint64_t innocent_sent = 0;
  std::uint64_t innocent_arrived = 0;
};

// Datagrams of the peer's addresses kGuiltyIPv4, which the caller has blocked,
// and kInnocentIPv4, several hundred of each a second, until it is stopped.
class SteadyStream {
 public:
  // Gives the peer these addresses.
  static void Prepare(const AgentHost& site);

  explicit SteadyStream(const AgentHost& site);
  ~SteadyStream() { Stop(); }

  // Waits for datagrams that are under way.
  StreamCounts Stop();

 private:
  void Send();
  void Receive();

  util::ScopedFd receiver_;
  util::ScopedFd guilty_;
  util::ScopedFd innocent_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> sent_all_ = false;
  StreamCounts counts_;  // each number belongs to one thread until both end
  std::thread sending_;
  std::thread receiving_;
};

// Fails the test unless no guilty datagram arrived and every innocent one did;
// a few hundred of each there must be.
void ExpectNoneThroughAndNoneLost(const StreamCounts& counts);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_TORTURE_STEADY_STREAM_H_
