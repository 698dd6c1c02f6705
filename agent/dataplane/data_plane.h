// The kernel seam: what the engine may ask of the packet filter, in policy
// terms. LibbpfDataPlane does it; MemoryDataPlane pretends to, for tests.
#ifndef FWAGENT_AGENT_DATAPLANE_DATA_PLANE_H_
#define FWAGENT_AGENT_DATAPLANE_DATA_PLANE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/policy/counters.h"
#include "agent/policy/port_range.h"
#include "agent/policy/port_table.h"
#include "agent/policy/prefix.h"
#include "agent/policy/rule.h"

namespace fwagent::dataplane {

// How a program is attached.
enum class AttachMode { kNone, kNative, kGeneric };

// How it should be: kAuto tries native and falls back to generic.
enum class ModePreference { kAuto, kNative, kGeneric };

// One interface that was attached, as the kernel says it now.
struct InterfaceState {
  std::string name;
  std::uint32_t ifindex = 0;  // 0: no such interface
  AttachMode mode = AttachMode::kNone;
  std::string detail;  // why not attached, or not natively; else empty

  bool attached() const { return mode != AttachMode::kNone; }
};

// What Attach did.
struct AttachResult {
  InterfaceState state;
  // The program of an earlier run was replaced in place, with no packet
  // unfiltered.
  bool taken_over = false;
};

// The rules that the kernel's tables hold.
struct LiveRules {
  std::vector<std::pair<policy::Prefix, policy::RuleId>> sources;
  // Indexed by policy::Protocol. nullopt: what is enforced cannot be read
  // back, as after a crash in the middle of a replacement; put it right with
  // ReplacePorts.
  std::array<std::optional<policy::PortTable>, policy::kProtocols.size()> ports;
};

// Every method is atomic: on error the tables and attachments are as before,
// unless it says otherwise. Interfaces, ReadCounters and SourceCapacity may be
// called from any thread at any time; of the others one at a time.
class DataPlane {
 public:
  virtual ~DataPlane() = default;

  // Blocks a prefix for the rule. RESOURCE_EXHAUSTED when the table is full.
  // A prefix that is there already gets the new rule id.
  virtual absl::Status AddSource(const policy::Prefix& prefix,
                                 policy::RuleId rule) = 0;

  // NOT_FOUND when the table has no such prefix.
  virtual absl::Status RemoveSource(const policy::Prefix& prefix) = 0;

  // Puts a whole table in the place of the protocol's old one, at one instant
  // for every packet. An empty table blocks nothing.
  virtual absl::Status ReplacePorts(policy::Protocol protocol,
                                    const policy::PortTable& table) = 0;

  // Reads back what is enforced.
  virtual absl::StatusOr<LiveRules> ReadRules() = 0;

  // How many source prefixes of the family fit.
  virtual std::uint64_t SourceCapacity(policy::Family family) const = 0;

  // Guards an interface. One of ours that is there already is taken over in
  // place. NOT_FOUND: no such interface; FAILED_PRECONDITION: a foreign
  // program, the mode cannot be had, or too many interfaces.
  virtual absl::StatusOr<AttachResult> Attach(const std::string& interface,
                                              ModePreference preference) = 0;

  // Takes the filter off. NOT_FOUND when the interface is not guarded.
  virtual absl::Status Detach(const std::string& interface) = 0;

  // Every interface that Attach guarded and Detach did not release, in order
  // of name.
  virtual std::vector<InterfaceState> Interfaces() = 0;

  // The counters of the same interfaces, in order of name.
  virtual absl::StatusOr<std::vector<policy::InterfaceCounters>>
  ReadCounters() = 0;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_DATA_PLANE_H_
