// The data plane of the kernel.
#ifndef FWAGENT_AGENT_DATAPLANE_LIBBPF_DATA_PLANE_H_
#define FWAGENT_AGENT_DATAPLANE_LIBBPF_DATA_PLANE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dataplane/counter_slots.h"
#include "agent/dataplane/data_plane.h"
#include "agent/dataplane/guarded_interfaces.h"
#include "agent/dataplane/packet_judge.h"
#include "agent/dataplane/packet_options.h"
#include "agent/dataplane/port_tables.h"
#include "agent/dataplane/shared_maps.h"
#include "agent/dataplane/source_tables.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// The filter outlives this object: while an interface is guarded, its link is
// pinned under <pin_dir>/links and the maps under <pin_dir>/maps-v<layout>, and
// the next Open continues with them. While none is, nothing is pinned.
// A pin_dir in which something is pinned is locked against other agents.
class LibbpfDataPlane : public DataPlane {
 public:
  struct Options {
    // A folder on a BPF file system; it is made, its parent is not.
    std::string pin_dir = "/sys/fs/bpf/fwagent";
    // Most prefixes of each family; memory grows with those that are there.
    std::uint32_t max_sources = 10'000'000;
    // In force from the next Attach on.
    PacketOptions packets = {};
    // Other ones for some interfaces, by name; may be empty.
    std::function<PacketOptions(const std::string&)> packets_of = {};
    // Mend looks at the tables' contents no more often than this.
    std::chrono::milliseconds check_period{900};
  };

  // Finds what an earlier run left; where that is nothing, loads the program
  // once to prove that the kernel can run it. Interfaces of an earlier run stay
  // guarded by its program until Attach replaces it.
  // FAILED_PRECONDITION: no BPF file system, foreign pins, another agent in
  // pin_dir, or the kernel lacks something; PERMISSION_DENIED: CAP_BPF or
  // CAP_NET_ADMIN is missing; INVALID_ARGUMENT: no capacity.
  static absl::StatusOr<std::unique_ptr<LibbpfDataPlane>> Open(
      const Options& options);

  absl::Status AddSource(const policy::SourceRule& rule) override;
  absl::Status RemoveSource(const policy::Prefix& prefix) override;
  absl::Status ReplaceTables(const NewTables& next) override;
  absl::StatusOr<std::optional<std::vector<policy::SourceRule>>> ReadSources()
      override;
  bool InheritsTables() const override { return maps_.inherited(); }
  void HoldTables(bool hold) override { hold_tables_ = hold; }
  dataplane::SourceUsage SourceUsage(policy::Family family) const override;
  absl::StatusOr<LivePorts> ReadPorts() override;
  absl::StatusOr<AttachResult> Attach(const std::string& interface,
                                      ModePreference preference) override;
  absl::Status Detach(const std::string& interface) override;
  absl::Status Forget(const std::string& interface) override;
  MendReport Mend() override;
  std::vector<std::string> Devices() override;
  std::vector<InterfaceState> Interfaces() override;
  absl::StatusOr<std::vector<policy::InterfaceCounters>> ReadCounters()
      override;
  bool DropsByDefault() const override;
  bool DropsByDefault(const std::string& interface) const override;
  absl::StatusOr<Judgement> Judge(const std::string& interface,
                                  std::string_view frame) override;
  absl::StatusOr<std::vector<RuleHits>> ReadRuleHits() override;

 private:
  LibbpfDataPlane(const Options& options, util::ScopedFd lock, SharedMaps maps,
                  std::unique_ptr<SourceTables> sources, PortTables ports,
                  CounterSlots slots);

  // A program that was loaded for a slot, and what was built into it.
  struct ReadyProgram {
    PacketOptions packets;
    std::shared_ptr<const util::ScopedFd> fd;
  };

  PacketOptions PacketsOf(const std::string& interface) const;
  absl::StatusOr<std::string> InterfaceToAsk(
      const std::string& interface,
      const GuardedInterfaces::Guards& guards) const;
  // Ordered rules, and the names that they were compiled for.
  struct NamedRules {
    policy::OrderedRules rules;
    std::vector<std::string> names;
  };

  void KeepOrdered(const policy::OrderedRules& ordered,
                   std::vector<std::string> names);
  // Makes ordered rules know interfaces that came.
  absl::Status NameInterfaces();
  absl::StatusOr<LoadedProgram> Load(const std::string& interface);
  absl::Status Pin();
  absl::StatusOr<std::vector<MendedPin>> MendMaps();
  // The paths of all of them, in order.
  absl::StatusOr<std::vector<std::string>> MapPins() const;
  absl::StatusOr<std::string> CheckTables();
  absl::Status UnpinWhenIdle();

  const Options options_;
  util::ScopedFd lock_;  // of the pin_dir, while that exists
  const SharedMaps maps_;
  const std::unique_ptr<SourceTables> sources_;
  PortTables ports_;
  std::optional<NamedRules> ordered_;
  const CounterSlots slots_;
  // By slot. Loading takes a tenth of a second, and a device that was made anew
  // is without its filter as long as that.
  std::map<std::uint32_t, ReadyProgram> programs_;
  PacketJudge judge_;
  GuardedInterfaces interfaces_;
  std::chrono::steady_clock::time_point next_check_;
  bool hold_tables_ = false;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_LIBBPF_DATA_PLANE_H_
