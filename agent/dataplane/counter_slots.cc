#include "agent/dataplane/counter_slots.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "agent/dataplane/errors.h"
#include "agent/dataplane/slots.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"
#include "bpf/fw_abi.h"

namespace fwagent::dataplane {
namespace {

using policy::Reason;
using policy::Verdict;

constexpr bool Same(Verdict ours, fw_verdict theirs) {
  return static_cast<int>(ours) == static_cast<int>(theirs);
}
constexpr bool Same(Reason ours, fw_reason theirs) {
  return static_cast<int>(ours) == static_cast<int>(theirs);
}
static_assert(Same(Verdict::kShadowed, FW_VERDICT_SHADOWED));
static_assert(Same(Verdict::kPass, FW_VERDICT_PASS));
static_assert(Same(Verdict::kDrop, FW_VERDICT_DROP));
static_assert(Same(Verdict::kReject, FW_VERDICT_REJECT));
static_assert(Same(Reason::kNoMatch, FW_REASON_NO_MATCH));
static_assert(Same(Reason::kNotIp, FW_REASON_NOT_IP));
static_assert(Same(Reason::kSourceBlocked, FW_REASON_SOURCE_BLOCKED));
static_assert(Same(Reason::kPortBlocked, FW_REASON_PORT_BLOCKED));
static_assert(Same(Reason::kMalformedIp, FW_REASON_MALFORMED_IP));
static_assert(Same(Reason::kMalformedTransport, FW_REASON_MALFORMED_TRANSPORT));
static_assert(Same(Reason::kTooDeep, FW_REASON_TOO_DEEP));
static_assert(Same(Reason::kFragment, FW_REASON_FRAGMENT));
static_assert(Same(Reason::kNeighborDiscovery, FW_REASON_NEIGHBOR_DISCOVERY));
static_assert(Same(Reason::kSourceAllowed, FW_REASON_SOURCE_ALLOWED));
static_assert(Same(Reason::kDefault, FW_REASON_DEFAULT));
static_assert(Same(Reason::kEssential, FW_REASON_ESSENTIAL));
static_assert(Same(Reason::kFailsafe, FW_REASON_FAILSAFE));
static_assert(Same(Reason::kRule, FW_REASON_RULE));
static_assert(Same(Reason::kLimit, FW_REASON_LIMIT));

const fw_counter& At(const fw_counters& counters, std::size_t outcome) {
  const auto& [verdict, reason] = policy::kOutcomes[outcome];
  return counters
      .by[static_cast<std::size_t>(verdict)][static_cast<std::size_t>(reason)];
}

}  // namespace

absl::StatusOr<CounterSlots> CounterSlots::Open(int counters_fd, int slots_fd) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return util::ErrnoToStatus(cpus, "count the possible CPUs");
  return CounterSlots(counters_fd, slots_fd, static_cast<std::size_t>(cpus));
}

absl::StatusOr<std::vector<std::string>> CounterSlots::Names() const {
  std::vector<std::string> names;
  for (std::uint32_t slot = 0; slot < FW_MAX_INTERFACES; ++slot) {
    fw_slot value{};
    if (bpf_map_lookup_elem(slots_fd_, &slot, &value) != 0) {
      return util::ErrnoToStatus(errno, "read fw_slots");
    }
    names.emplace_back(
        value.interface_name,
        strnlen(value.interface_name, sizeof(value.interface_name)));
  }
  return names;
}

absl::StatusOr<std::uint32_t> CounterSlots::Take(
    const std::string& interface,
    const std::function<bool(const std::string&)>& guarded) const {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names());
  const auto choice = ChooseSlot(names, interface, guarded);
  if (!choice.has_value()) return TooManyInterfaces(interface, names.size());
  if (choice->fresh) FW_RETURN_IF_ERROR(Assign(choice->index, interface));
  return choice->index;
}

// Counters first: a name never stands beside somebody else's figures.
absl::Status CounterSlots::Assign(std::uint32_t slot,
                                  const std::string& interface) const {
  const std::vector<fw_counters> zeros(cpus_);
  if (bpf_map_update_elem(counters_fd_, &slot, zeros.data(), BPF_ANY) != 0) {
    return util::ErrnoToStatus(errno, "clear fw_counters");
  }
  fw_slot value{};
  interface.copy(value.interface_name, sizeof(value.interface_name) - 1);
  if (bpf_map_update_elem(slots_fd_, &slot, &value, BPF_ANY) != 0) {
    return util::ErrnoToStatus(errno, "write fw_slots");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::uint32_t>> CounterSlots::Find(
    const std::string& interface) const {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names());
  const auto found = std::find(names.begin(), names.end(), interface);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - names.begin());
}

absl::StatusOr<CounterSlots::Counters> CounterSlots::Read(
    std::uint32_t slot) const {
  std::vector<fw_counters> per_cpu(cpus_);
  if (bpf_map_lookup_elem(counters_fd_, &slot, per_cpu.data()) != 0) {
    return util::ErrnoToStatus(errno, "read fw_counters");
  }
  Counters sum{};
  for (const fw_counters& counters : per_cpu) {
    for (std::size_t outcome = 0; outcome < sum.size(); ++outcome) {
      sum[outcome].packets += At(counters, outcome).packets;
      sum[outcome].bytes += At(counters, outcome).bytes;
    }
  }
  return sum;
}

}  // namespace fwagent::dataplane
