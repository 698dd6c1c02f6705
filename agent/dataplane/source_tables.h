// The tables of blocked source prefixes: one LPM trie for each family.
#ifndef FWAGENT_AGENT_DATAPLANE_SOURCE_TABLES_H_
#define FWAGENT_AGENT_DATAPLANE_SOURCE_TABLES_H_

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/policy/prefix.h"
#include "agent/policy/rule.h"

namespace fwagent::dataplane {

// Keeps the count in fw_config at no less than what is in the tables, at every
// instant: a packet without a readable address is dropped while there are
// blocks. A rule id must stand at one prefix only; when it stands at two, one
// in the other, the count may be too high until the tables are opened again.
class SourceTables {
 public:
  using Entries = std::vector<std::pair<policy::Prefix, policy::RuleId>>;

  // Counts what is in the tables and corrects fw_config. The descriptors are
  // the caller's and must outlive the object.
  static absl::StatusOr<SourceTables> Open(int source4_fd, int source6_fd,
                                           int config_fd);

  // As in DataPlane.
  absl::Status Add(const policy::Prefix& prefix, policy::RuleId rule);
  absl::Status Remove(const policy::Prefix& prefix);
  std::uint64_t Capacity(policy::Family family) const;

  // Everything in both tables, in the order of the tries.
  absl::StatusOr<Entries> Read() const;

 private:
  struct Table {
    int fd = -1;
    std::uint64_t capacity = 0;
    std::uint64_t count = 0;
  };

  explicit SourceTables(int config_fd) : config_fd_(config_fd) {}

  Table& TableOf(policy::Family family);
  // Writes the counts, that of one family as said, to fw_config.
  absl::Status Publish(policy::Family family, std::uint64_t count);
  void Lower(policy::Family family, std::uint64_t count);

  int config_fd_;
  std::array<Table, policy::kFamilies> tables_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_SOURCE_TABLES_H_
