// The ordered rules in the kernel's memory.
#ifndef FWAGENT_AGENT_DATAPLANE_RULE_TABLES_H_
#define FWAGENT_AGENT_DATAPLANE_RULE_TABLES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/data_plane.h"
#include "agent/dataplane/slab_maps.h"
#include "agent/lookup/line_memory.h"
#include "agent/policy/ordered_rules.h"
#include "agent/util/mutex.h"

namespace fwagent::dataplane {

// Two halves of fw_table_state::rules, one of which is in force. A rule keeps
// its place among the counters as long as it is there, also when the agent
// starts anew.
class RuleTables {
 public:
  // `memory` and the descriptors are the caller's and must outlive the object.
  RuleTables(lookup::LineMemory* memory, const SourceMapFds& fds);

  // Lays an image into the half that is not in force. Returns the bits of
  // fw_table_state::active that put it in force when they are turned over, once
  // the memory is connected. `interfaces` are names by slot.
  absl::StatusOr<std::uint32_t> Stage(
      const policy::OrderedRules& rules,
      const std::vector<std::string>& interfaces);
  // They were turned over, and nobody judges by what was before any more.
  void Finish();
  // They were not.
  void Forget();

  // From any thread. In order of id.
  absl::StatusOr<std::vector<RuleHits>> ReadHits() const;

 private:
  using Counters = std::map<policy::RuleId, std::uint32_t>;

  bool has_rules() const;
  std::size_t live_half() const;
  void FindCounters();
  // Places for all rules, those of new ones at zero.
  absl::Status TakeCounters(const policy::OrderedRules& rules,
                            Counters& counters) const;
  // Of a new rule: nothing is counted yet, and its bucket is full.
  absl::Status Clear(std::uint32_t counter) const;
  absl::Status Write(const policy::OrderedRules& rules,
                     const std::vector<std::string>& interfaces,
                     const Counters& counters);

  lookup::LineMemory* const memory_;
  const int hits_fd_;
  const int buckets_fd_;
  const std::size_t cpus_;
  std::uint64_t seed_ = 0;  // kept from run to run, as the buckets are
  std::vector<std::uint32_t> live_slabs_;  // not those of an earlier run
  std::vector<std::uint32_t> next_slabs_;
  Counters next_counters_;

  mutable util::Mutex mutex_;
  Counters counters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_RULE_TABLES_H_
