#include "agent/dataplane/packet_judge.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/counter_slots.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

// XDP_PASS, XDP_DROP, or XDP_TX of an answer, which nobody gets.
absl::StatusOr<std::uint32_t> Run(int program, std::string_view frame) {
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  if (bpf_prog_test_run_opts(program, &options) == 0) return options.retval;
  if (errno == EINVAL || errno == ENOMEM || errno == E2BIG) {
    return util::WithReason(
        absl::InvalidArgumentError(absl::StrCat(
            "frame: this kernel tries no frame of ", frame.size(),
            " bytes: give ", ETH_HLEN,
            " bytes or more, and at most what a page holds (some 3,500 on "
            "kernels before 5.18)")),
        "FRAME_SIZE");
  }
  return util::ErrnoToStatus(errno, "run the filter on a test packet");
}

}  // namespace

absl::StatusOr<std::pair<policy::Verdict, policy::Reason>> PacketJudge::Judge(
    std::uint32_t slot, const PacketOptions& packets, std::string_view frame) {
  auto found = by_slot_.find(slot);
  if (found == by_slot_.end() || found->second.packets != packets) {
    FW_ASSIGN_OR_RETURN(JudgingProgram loaded, load_(slot, packets));
    found =
        by_slot_.insert_or_assign(slot, Instance{packets, std::move(loaded)})
            .first;
  }
  const JudgingProgram& instance = found->second.loaded;
  // It has no names of slots.
  FW_ASSIGN_OR_RETURN(const CounterSlots counters,
                      CounterSlots::Open(instance.counters.get(), -1));
  FW_ASSIGN_OR_RETURN(const auto before, counters.Read(slot));
  FW_ASSIGN_OR_RETURN(const std::uint32_t action,
                      Run(instance.program.get(), frame));
  FW_ASSIGN_OR_RETURN(const auto after, counters.Read(slot));
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i].packets == before[i].packets) continue;
    const auto& [verdict, reason] = policy::kOutcomes[i];
    if (policy::Passes(verdict) == (action == XDP_PASS)) {
      return policy::kOutcomes[i];
    }
  }
  return absl::InternalError(
      "the filter judged a test packet, but did not count it as it judged");
}

}  // namespace fwagent::dataplane
