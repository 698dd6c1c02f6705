// The kernel seam: what the engine may ask of the packet filter, in policy
// terms. LibbpfDataPlane does it; MemoryDataPlane pretends to, for tests.
#ifndef FWAGENT_AGENT_DATAPLANE_DATA_PLANE_H_
#define FWAGENT_AGENT_DATAPLANE_DATA_PLANE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/interface_state.h"
#include "agent/dataplane/judgement.h"
#include "agent/policy/counters.h"
#include "agent/policy/ordered_rules.h"
#include "agent/policy/port_range.h"
#include "agent/policy/port_table.h"
#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"

namespace fwagent::dataplane {

// The port tables that are enforced, indexed by policy::Protocol. nullopt: one
// cannot be read back, as after a crash in the middle of a replacement; put it
// right with ReplacePorts.
using LivePorts =
    std::array<std::optional<policy::PortTable>, policy::kProtocols.size()>;

// Tables that take the place of others; null: the old ones stay.
struct NewTables {
  // What is said of source addresses, in any order, of both families.
  const std::vector<policy::SourceRule>* sources = nullptr;
  // Indexed by policy::Protocol. An empty table blocks nothing.
  std::array<const policy::PortTable*, policy::kProtocols.size()> ports{};
  // All ordered rules.
  const policy::OrderedRules* ordered = nullptr;
};

// What an ordered rule decided so far, or would have decided.
struct RuleHits {
  policy::RuleId rule = 0;
  policy::Counter count;
};

// How full the source table of one family is.
struct SourceUsage {
  std::uint64_t prefixes = 0;      // given and not removed
  std::uint64_t capacity = 0;      // most prefixes that are taken
  std::uint64_t memory_bytes = 0;  // of the kernel, now
};

// Every method is atomic: on error the tables and attachments are as before,
// unless it says otherwise. Devices, Interfaces, ReadCounters, ReadRuleHits and
// SourceUsage
// may be called from any thread at any time; of the others one at a time.
//
// The source tables of an earlier run stay in force, but cannot be changed one
// prefix at a time: until the first ReplaceSources, AddSource and RemoveSource
// are FAILED_PRECONDITION, on an empty kernel too.
class DataPlane {
 public:
  virtual ~DataPlane() = default;

  // Makes the rule part of what is said of source addresses. A prefix that is
  // there already gets this rule. RESOURCE_EXHAUSTED when the table is full, or
  // the memory.
  virtual absl::Status AddSource(const policy::SourceRule& rule) = 0;

  // NOT_FOUND when the table has no such prefix.
  virtual absl::Status RemoveSource(const policy::Prefix& prefix) = 0;

  // Puts all of them in force at one instant for every packet.
  // INVALID_ARGUMENT names a prefix that comes twice; RESOURCE_EXHAUSTED when
  // the sources do not fit; INTERNAL when the program, asked about packets,
  // judges by the new tables otherwise than they say.
  virtual absl::Status ReplaceTables(const NewTables& next) = 0;
  absl::Status ReplaceSources(const std::vector<policy::SourceRule>& rules);
  absl::Status ReplacePorts(policy::Protocol protocol,
                            const policy::PortTable& table);

  // Reads back what is enforced: rules that together mean the same for every
  // address as those that were given. They need not be the same rules: what a
  // rule says in vain is not kept, neighbours may have become one prefix, and
  // the id is 0 where an earlier run gave it. nullopt: it cannot be read.
  virtual absl::StatusOr<std::optional<std::vector<policy::SourceRule>>>
  ReadSources() = 0;

  // Whether there are tables of an earlier run, all of them, which the programs
  // on the interfaces read. Without them Attach would put empty ones in force.
  virtual bool InheritsTables() const = 0;
  // From now on the tables stay when the last interface is let go, or, as at
  // first, they do not. For an agent that has its rules from nowhere else.
  virtual void HoldTables(bool hold) = 0;

  virtual dataplane::SourceUsage SourceUsage(policy::Family family) const = 0;

  // Reads back what is enforced.
  virtual absl::StatusOr<LivePorts> ReadPorts() = 0;

  // Guards an interface. One of ours that is there already is taken over in
  // place. NOT_FOUND: no such interface; FAILED_PRECONDITION: a foreign
  // program, the mode cannot be had, or too many interfaces.
  virtual absl::StatusOr<AttachResult> Attach(const std::string& interface,
                                              ModePreference preference) = 0;

  // Takes the filter off. NOT_FOUND when the interface is not guarded.
  virtual absl::Status Detach(const std::string& interface) = 0;

  // Lets go of an interface that is attached no more. A device that is gone, or
  // whose filter somebody took off, leaves no pin; one that is in another
  // network namespace now keeps its filter, which is ours again when the device
  // returns. NOT_FOUND when the interface is not guarded; FAILED_PRECONDITION
  // when it is attached.
  virtual absl::Status Forget(const std::string& interface) = 0;

  // Puts back the pins that somebody removed, takes in devices that came back
  // from another network namespace, and looks whether the tables are as they
  // were left. Damaged ones are as they should be after ReplaceSources and, for
  // every protocol, ReplacePorts.
  virtual MendReport Mend() = 0;

  // The names of all interfaces that there are, guarded or not, in order of
  // name.
  virtual std::vector<std::string> Devices() = 0;

  // Every interface that Attach guarded and neither Detach nor Forget
  // released, in order of name.
  virtual std::vector<InterfaceState> Interfaces() = 0;

  // The counters of the same interfaces, in order of name.
  virtual absl::StatusOr<std::vector<policy::InterfaceCounters>>
  ReadCounters() = 0;

  // Whether some interface that is guarded drops what no rule says anything of.
  // Any thread.
  virtual bool DropsByDefault() const = 0;
  // The same of one, guarded or not.
  virtual bool DropsByDefault(const std::string& interface) const = 0;

  // What is done with a frame, from its Ethernet header on, that comes in
  // through an interface now; nothing that other packets meet is changed.
  // Without a name: the one that is guarded, or any of several that judge
  // alike. NOT_FOUND when it is not guarded. INVALID_ARGUMENT: a name is
  // needed, or a frame of this length cannot be tried.
  virtual absl::StatusOr<Judgement> Judge(const std::string& interface,
                                          std::string_view frame) = 0;

  // Of the ordered rules in force, in order of id.
  virtual absl::StatusOr<std::vector<RuleHits>> ReadRuleHits() = 0;
};

inline absl::Status DataPlane::ReplaceSources(
    const std::vector<policy::SourceRule>& rules) {
  return ReplaceTables({.sources = &rules});
}

inline absl::Status DataPlane::ReplacePorts(policy::Protocol protocol,
                                            const policy::PortTable& table) {
  NewTables next;
  next.ports[static_cast<std::size_t>(protocol)] = &table;
  return ReplaceTables(next);
}

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_DATA_PLANE_H_
