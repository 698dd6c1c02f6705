// What the filter does with one packet.
#include <algorithm>
#include <string>
#include <vector>

#include "agent/dataplane/errors.h"
#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/dataplane/packet_facts.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {

bool LibbpfDataPlane::DropsByDefault(const std::string& interface) const {
  return PacketsOf(interface).default_verdict == DefaultVerdict::kDrop;
}

bool LibbpfDataPlane::DropsByDefault() const {
  const GuardedInterfaces::Guards guards = interfaces_.Snapshot();
  return std::any_of(guards.begin(), guards.end(), [this](const auto& guard) {
    return DropsByDefault(guard.first);
  });
}

absl::StatusOr<std::string> LibbpfDataPlane::InterfaceToAsk(
    const std::string& interface,
    const GuardedInterfaces::Guards& guards) const {
  std::vector<std::string> names;
  bool alike = true;
  for (const auto& [name, guard] : guards) {
    alike =
        alike && (names.empty() || PacketsOf(name) == PacketsOf(names.front()));
    names.push_back(name);
  }
  if (!interface.empty()) {
    if (guards.contains(interface)) return interface;
    return NotGuarded(interface, names);
  }
  if (!alike) return NameTheInterface(names);
  return names.empty() ? "" : names.front();
}

absl::StatusOr<Judgement> LibbpfDataPlane::Judge(const std::string& interface,
                                                 std::string_view frame) {
  const GuardedInterfaces::Guards guards = interfaces_.Snapshot();
  Judgement judgement;
  FW_ASSIGN_OR_RETURN(judgement.interface, InterfaceToAsk(interface, guards));
  std::uint32_t slot = 0;
  PacketOptions packets = options_.packets;
  if (!judgement.interface.empty()) {
    slot = guards.at(judgement.interface).slot.value_or(0);
    packets = PacketsOf(judgement.interface);
  }
  FW_ASSIGN_OR_RETURN(const auto outcome, judge_.Judge(slot, packets, frame));
  judgement.verdict = outcome.first;
  judgement.reason = outcome.second;
  judgement.facts = ReadFacts(frame);
  judgement.facts.more.interface = judgement.interface;
  return judgement;
}

}  // namespace fwagent::dataplane
