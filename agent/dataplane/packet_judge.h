// Asks the filter about single packets.
#ifndef FWAGENT_AGENT_DATAPLANE_PACKET_JUDGE_H_
#define FWAGENT_AGENT_DATAPLANE_PACKET_JUDGE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/dataplane/packet_options.h"
#include "agent/policy/counters.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// An instance of the program on no interface, which judges by the tables in
// force and counts where nobody else does: that is how it says the reason.
struct JudgingProgram {
  util::ScopedFd program;
  util::ScopedFd counters;  // as fw_counters
};

// Lets the kernel run such instances (BPF_PROG_TEST_RUN). Nothing that live
// packets meet is changed: neither counters nor what is remembered of
// fragments.
class PacketJudge {
 public:
  using Load = std::function<absl::StatusOr<JudgingProgram>(
      std::uint32_t slot, const PacketOptions& packets)>;

  // `load` makes an instance when it is needed first, which takes a tenth of a
  // second.
  explicit PacketJudge(Load load) : load_(std::move(load)) {}

  // What an interface with this slot and these options does with a frame.
  // INVALID_ARGUMENT: the kernel takes no frame of this length.
  absl::StatusOr<std::pair<policy::Verdict, policy::Reason>> Judge(
      std::uint32_t slot, const PacketOptions& packets, std::string_view frame);

 private:
  struct Instance {
    PacketOptions packets;
    JudgingProgram loaded;
  };

  Load load_;
  std::map<std::uint32_t, Instance> by_slot_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_PACKET_JUDGE_H_
