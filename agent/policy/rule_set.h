// The rules of one generation, found by id and by what they say.
#ifndef FWAGENT_AGENT_POLICY_RULE_SET_H_
#define FWAGENT_AGENT_POLICY_RULE_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "agent/policy/port_table.h"
#include "agent/policy/rule.h"

namespace fwagent::policy {

// A value type without locks: no two rules share an id or a key.
class RuleSet {
 public:
  // ALREADY_EXISTS when a rule with this key or id is there; then nothing
  // changes.
  absl::Status Add(Rule rule);

  // NOT_FOUND when there is none; then nothing changes.
  absl::Status Remove(RuleId id);

  // Null when there is none. Valid until the next change.
  const Rule* Find(const RuleKey& key) const;
  // All rules with this match, of whatever owners and actions, in order of id;
  // valid likewise.
  std::vector<const Rule*> HoldersOf(const Match& match) const;

  // At most `limit` rules with ids above `after`, in order of id, without those
  // that have ended.
  std::vector<Rule> Page(RuleId after, std::size_t limit,
                         Deadline now = kNever) const;

  // The rules that end, the first to end first.
  using Endings = absl::btree_set<std::pair<Deadline, RuleId>>;
  const Endings& endings() const { return by_end_; }
  // When the first of them ends; kForever when there are none.
  Deadline NextDeadline() const;
  // How many of them have ended.
  std::size_t EndedCount(Deadline now) const;

  // Every rule, in order of id.
  const absl::btree_map<RuleId, Rule>& rules() const { return by_id_; }
  const PortRules& port_rules() const { return by_ports_; }
  // Those that are judged one after the other, in this order. Valid until the
  // next change.
  std::vector<const Rule*> Ordered() const;
  std::size_t ordered_count() const { return ordered_.size(); }

  std::size_t size() const { return by_id_.size(); }
  // How many prefixes of this family rules match as sources.
  std::size_t SourceCount(Family family) const;

 private:
  // Nearly always one, in order.
  using Ids = absl::InlinedVector<RuleId, 1>;

  void AddMatch(const Rule& rule);
  void RemoveMatch(const Rule& rule);
  std::vector<const Rule*> ToRules(const Ids& ids) const;

  absl::btree_map<RuleId, Rule> by_id_;
  absl::flat_hash_map<Prefix, Ids> by_source_;
  PortRules by_ports_;
  absl::flat_hash_map<PacketMatch, Ids> by_packets_;
  absl::btree_set<std::pair<std::uint32_t, RuleId>> ordered_;
  Endings by_end_;
  std::array<std::size_t, kFamilies> source_count_{};
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_RULE_SET_H_
