// Runs an XDP program on packets whose source is another one each time.
#ifndef FWAGENT_TESTS_BENCH_SOURCE_RUNNER_H_
#define FWAGENT_TESTS_BENCH_SOURCE_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/policy/prefix.h"
#include "tests/bench/rules.h"
#include "tests/bench/support.h"

struct vary_source;

namespace fwagent::bench {

// As many packets in one run as a stream has sources, each source once. The
// process must keep to one CPU (PinToLastCpu). Every failure ends the run.
class SourceRunner {
 public:
  explicit SourceRunner(policy::Family family)
      : SourceRunner(family, MakePacket(family), 0) {}
  // Another packet than a plain one, with so many bytes of VLAN tags.
  SourceRunner(policy::Family family, std::vector<std::uint8_t> packet,
               std::uint32_t tag_bytes);
  ~SourceRunner();
  SourceRunner(const SourceRunner&) = delete;
  SourceRunner& operator=(const SourceRunner&) = delete;

  // kStreamLength addresses.
  void SetSources(std::span<const Address> sources);

  // Nanoseconds a packet, of this thread's CPU time. The program takes frames
  // in several buffers ("xdp.frags").
  double Run(int program_fd);

  // Runs the first part of the stream, so that Run finds in the caches what
  // can stay there, and not what was measured before.
  void WarmUp(int program_fd);

  // A program that does nothing and passes.
  int EmptyProgramFd() const;

 private:
  // The same for so many packets.
  double RunFirst(int program_fd, std::size_t packets);

  const policy::Family family_;
  std::vector<std::uint8_t> packet_;
  vary_source* vary_;
};

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_SOURCE_RUNNER_H_
