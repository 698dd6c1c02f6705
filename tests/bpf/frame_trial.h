// Sends frames to a device and says at which of several others they come out.
#ifndef FWAGENT_TESTS_BPF_FRAME_TRIAL_H_
#define FWAGENT_TESTS_BPF_FRAME_TRIAL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/util/scoped_fd.h"
#include "tests/support/net_namespace.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// More frames at a time could overflow the queue of a veth device.
inline constexpr std::size_t kMostFramesAtATime = 128;

// While it lives, the calling thread stays on one CPU, and what it sends on
// that CPU's queues: frames arrive in order.
class OnOneCpu {
 public:
  OnOneCpu();
  ~OnOneCpu();
  OnOneCpu(const OnOneCpu&) = delete;
  OnOneCpu& operator=(const OnOneCpu&) = delete;

 private:
  std::vector<std::uint8_t> before_;
};

class FrameTrial {
 public:
  // Sends from a device of one namespace, and watches the exits, devices of
  // another. What is neither IPv4 nor IPv6 must come out at the first of them.
  // The calling thread is OnOneCpu. Aborts the test program when there is no
  // such device.
  FrameTrial(const NetNamespace& from, const std::string& device,
             const NetNamespace& to, const std::vector<std::string>& exits);

  // For each frame, the index of the exit where it came out, or nothing when it
  // did not. Each gets a source address of its own; there are at most
  // kMostFramesAtATime. DEADLINE_EXCEEDED when it is not known after seconds.
  using Outcomes = std::vector<std::optional<std::size_t>>;
  absl::StatusOr<Outcomes> Send(const std::vector<Bytes>& frames);

 private:
  absl::Status SendOne(Bytes frame);
  // The numbers of the frames that wait at an exit.
  std::vector<std::uint32_t> Collect(std::size_t exit) const;
  // Whether `last` is among what came.
  bool CollectAll(std::uint32_t first, std::uint32_t last, Outcomes& outcomes);

  util::ScopedFd entry_;
  std::vector<util::ScopedFd> exits_;
  std::uint32_t next_number_ = 0;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_FRAME_TRIAL_H_
