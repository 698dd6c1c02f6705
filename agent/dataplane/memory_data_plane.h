// A data plane without a kernel, for tests of everything above the seam.
#ifndef FWAGENT_AGENT_DATAPLANE_MEMORY_DATA_PLANE_H_
#define FWAGENT_AGENT_DATAPLANE_MEMORY_DATA_PLANE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "agent/dataplane/data_plane.h"
#include "agent/util/mutex.h"

namespace fwagent::dataplane {

// Behaves as LibbpfDataPlane does, which one suite of tests asks of both, on a
// small imagined kernel that the test changes. It outlives an agent as the
// kernel does: to restart, make a new engine on the same object. Thread-safe.
class MemoryDataPlane : public DataPlane {
 public:
  struct Options {
    std::uint64_t max_sources = 1024;  // of each family
    std::size_t max_interfaces = 64;
    std::vector<std::string> interfaces = {"eth0", "eth1"};
  };
  enum class Operation {
    kAddSource,
    kRemoveSource,
    kReplaceSources,  // ReplaceTables with sources
    kReadSources,
    kReplacePorts,    // ReplaceTables with ports
    kReplaceOrdered,  // ReplaceTables with ordered rules
    kReadPorts,
    kAttach,
    kDetach,
    kMend,
    kReadCounters,
    kJudge,
  };

  MemoryDataPlane() : MemoryDataPlane(Options()) {}
  explicit MemoryDataPlane(const Options& options);

  absl::Status AddSource(const policy::SourceRule& rule) override;
  absl::Status RemoveSource(const policy::Prefix& prefix) override;
  absl::Status ReplaceTables(const NewTables& next) override;
  absl::StatusOr<std::optional<std::vector<policy::SourceRule>>> ReadSources()
      override;
  bool InheritsTables() const override;
  void HoldTables(bool) override {}  // they are never lost
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
  bool DropsByDefault(const std::string&) const override {
    return DropsByDefault();
  }
  // Knows no options but that one, and nothing but addresses and ports.
  absl::StatusOr<Judgement> Judge(const std::string& interface,
                                  std::string_view frame) override;

  // Of every interface, guarded or not.
  void SetDropsByDefault(bool drops);

  absl::StatusOr<std::vector<RuleHits>> ReadRuleHits() override;

  // The ordered rules in force.
  policy::OrderedRules ordered() const;
  // Counts packets that such a rule decided.
  void Hit(policy::RuleId rule, policy::Counter amount);

  // The next call of this operation that is not spoken for fails with this
  // status, before it does anything. Calls add up.
  void FailNext(Operation operation, absl::Status status);

  // Sets the clock by which deadlines pass; it stands still otherwise.
  void SetTick(policy::Deadline tick);
  // What a packet from this address, given as a host prefix, meets now.
  policy::SourceVerdict VerdictOf(const policy::Prefix& host) const;
  // Whether one to this port does not pass, if its address says nothing.
  bool BlocksPort(policy::Protocol protocol, std::uint16_t port) const;

  // Ends the run of an agent: its source rules lose their ids, and wait for the
  // next run's ReplaceSources.
  void Restart();

  // Makes or, with a new ifindex and nothing attached, makes anew a device.
  // One without native XDP only takes programs in generic mode.
  void AddInterface(const std::string& name, bool native = true);
  // Deletes a device, and with it what is attached to it.
  void RemoveInterface(const std::string& name);
  void RenameInterface(const std::string& name, const std::string& new_name);
  // Moves a device, and what is attached to it, to another network namespace,
  // and from there back to this one.
  void MoveAway(const std::string& name);
  void MoveBack(const std::string& name);
  // Takes our program off a device behind our back.
  void SeverLink(const std::string& name);
  // Removes the pin of a guarded interface.
  void LosePin(const std::string& name);
  // Takes all entries out of the tables behind our back.
  void ClearTables();
  // Puts somebody else's program on a device; kNone takes it off.
  void SetForeignProgram(const std::string& name, AttachMode mode);
  // Counts packets on a guarded interface, as the filter does.
  void Count(const std::string& name, policy::Verdict verdict,
             policy::Reason reason, policy::Counter amount);
  // As after a reboot, or where another version's tables are in force: an agent
  // finds none, or, as at first, finds them.
  void SetInheritsTables(bool inherits);
  // Makes the source tables, or the protocol's port table, unreadable until
  // they are replaced.
  void LoseSources();
  void LosePortTable(policy::Protocol protocol);

 private:
  struct Device {
    std::uint32_t ifindex = 0;
    bool native = true;
    AttachMode foreign = AttachMode::kNone;
  };
  struct Guard {
    std::uint32_t ifindex = 0;  // of the device that it was attached to
    AttachMode mode = AttachMode::kNone;
    std::string detail;
    std::uint32_t slot = 0;
    bool severed = false;
    bool pinned = true;
  };
  using Sources = absl::btree_map<policy::Prefix, policy::SourceRule>;
  using Counters = decltype(policy::InterfaceCounters::by_outcome);

  absl::Status TakeFailure(Operation operation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckNew(const NewTables& next)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Sources> SourcesFrom(
      const std::vector<policy::SourceRule>& rules) const;
  absl::StatusOr<Guard> AttachAnew(const std::string& interface,
                                   const Device& device,
                                   ModePreference preference)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::uint32_t> TakeSlot(const std::string& interface)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  InterfaceState StateOf(const std::string& name, const Guard& guard) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The name of the live guard of a device; empty when it has none.
  std::string GuardOf(std::uint32_t ifindex) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The name that a guard's device has here; empty: gone, or elsewhere.
  std::string DeviceOf(const Guard& guard) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeInStrays() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MoveAside(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::uint64_t max_sources_;

  mutable util::Mutex mutex_;
  Sources sources_ ABSL_GUARDED_BY(mutex_);
  bool sources_loaded_ ABSL_GUARDED_BY(mutex_) = false;  // by this run
  bool sources_known_ ABSL_GUARDED_BY(mutex_) = true;
  LivePorts ports_ ABSL_GUARDED_BY(mutex_);
  policy::OrderedRules ordered_ ABSL_GUARDED_BY(mutex_);
  std::map<policy::RuleId, policy::Counter> hits_ ABSL_GUARDED_BY(mutex_);
  policy::Deadline tick_ ABSL_GUARDED_BY(mutex_) = 0;
  bool inherits_tables_ ABSL_GUARDED_BY(mutex_) = true;
  bool drops_by_default_ ABSL_GUARDED_BY(mutex_) = false;
  bool cleared_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Device> devices_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Device> elsewhere_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Guard> guards_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Guard> strays_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> slots_ ABSL_GUARDED_BY(mutex_);
  std::vector<Counters> counters_ ABSL_GUARDED_BY(mutex_);  // as slots_
  std::map<Operation, std::deque<absl::Status>> failures_
      ABSL_GUARDED_BY(mutex_);
  std::uint32_t next_ifindex_ ABSL_GUARDED_BY(mutex_) = 2;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_MEMORY_DATA_PLANE_H_
