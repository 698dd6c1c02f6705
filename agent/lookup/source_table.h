// The table of one family: what is blocked, allowed and classified, and its
// image in the memory that packets are judged by.
#ifndef FWAGENT_AGENT_LOOKUP_SOURCE_TABLE_H_
#define FWAGENT_AGENT_LOOKUP_SOURCE_TABLE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/lookup/generation.h"
#include "agent/lookup/line_memory.h"
#include "agent/lookup/prefix_index.h"
#include "agent/lookup/recent_changes.h"
#include "agent/lookup/statements.h"

namespace fwagent::lookup {

// Every change is seen by a look-up wholly or not at all. Most changes of one
// prefix end in one store (see TableEditor); the others build the next
// generation beside the live one and swap it in. On error nothing has changed.
// RESOURCE_EXHAUSTED: no memory.
template <typename Address>
class SourceTable {
 public:
  // The next content, built off to the side.
  class Staged;

  explicit SourceTable(LineMemory* memory);
  ~SourceTable();

  // A prefix that is there gets the new statement. INVALID_ARGUMENT for one
  // that says nothing.
  absl::Status Add(const Key<Address>& key, const Statement& statement);
  // NOT_FOUND.
  absl::Status Remove(const Key<Address>& key);

  // Builds the content that shall replace everything: the rules of its family,
  // in any order. ALREADY_EXISTS, and `duplicate` set, when a prefix comes
  // twice. Until it is finished or forgotten, nothing else may change the
  // table.
  absl::StatusOr<std::unique_ptr<Staged>> Stage(
      const std::vector<policy::SourceRule>& rules,
      Key<Address>* duplicate) const;
  // Swapping takes three steps, so that two families can swap at one instant:
  // Prepare each, flip the bits of both in state()->active, wait for the
  // readers, Finish each. The memory must have been connected before.
  void Prepare(const Staged& staged);
  void Finish(std::unique_ptr<Staged> staged);
  // After a Stage that failed, or was not used: takes back what makes look-ups
  // slower.
  void ForgetUnfinished();

  bool Contains(const Key<Address>& key) const { return index_.Find(key) != 0; }
  std::uint64_t size() const { return index_.size(); }
  std::uint64_t memory_bytes() const;
  // The rule behind a number that an entry gives for a verdict.
  policy::RuleId RuleOf(std::uint32_t number,
                        policy::SourceVerdict verdict) const {
    return statements_.RuleOf(number, verdict);
  }

 private:
  // Makes the image agree with the index, where `key` came or went.
  absl::Status Reflect(const Key<Address>& key, const Statement& statement,
                       bool present);
  absl::Status Exchange(const Key<Address>& key, const Statement& statement);
  // Lets an editor do this; false: it could not.
  template <typename Work>
  absl::StatusOr<bool> Edit(const Key<Address>& key, const Work& work);
  // Takes back what Statements::Add gave.
  void Release(std::uint32_t number);
  absl::StatusOr<std::unique_ptr<Generation<Address>>> BuildNext();
  absl::Status Rebuild();
  void WaitForReaders();
  void NarrowUsed();
  void Point(const Generation<Address>* generation);
  void CountPrefixes(std::uint64_t count);

  LineMemory* const memory_;
  PrefixIndex<Address> index_;
  Statements statements_;
  RecentChanges<Address> recent_;
  std::unique_ptr<Generation<Address>> live_;  // none: the table is empty
};

template <typename Address>
class SourceTable<Address>::Staged {
 public:
  PrefixIndex<Address> index;
  Statements statements;
  std::unique_ptr<Generation<Address>> generation;  // none: nothing in it
};

// The bit of the family in fw_table_state::active.
template <typename Address>
inline constexpr std::uint32_t kActiveBit =
    1u << static_cast<std::uint32_t>(kFamily<Address>);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_SOURCE_TABLE_H_
