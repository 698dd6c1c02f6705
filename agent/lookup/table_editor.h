// Changes of one prefix in a table that is being read.
#ifndef FWAGENT_AGENT_LOOKUP_TABLE_EDITOR_H_
#define FWAGENT_AGENT_LOOKUP_TABLE_EDITOR_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "agent/lookup/generation.h"
#include "agent/lookup/prefix_index.h"
#include "agent/lookup/statements.h"

namespace fwagent::lookup {

// Makes a live table agree with an index in which one prefix came, went or got
// another statement.
// Whatever is written before the last store cannot be reached by readers, so
// they see that store and nothing else. Where one store is not enough, the
// answer is false and the table as it was: then it takes a new generation.
//   - up to 15 bits: many entries of the root; the first rule in a part of the
//     IPv4 addresses: a slab for the front;
//   - an allow, or classes, over longer prefixes, or a block over such as end:
//     the entries of all of these;
//   - a prefix over subtrees that hang off subtrees: their backgrounds;
//   - a ninth length in a subtree; buckets that are full.
// On error the table is as it was. RESOURCE_EXHAUSTED: no memory.
template <typename Address>
class TableEditor {
 public:
  TableEditor(Generation<Address>& table, const PrefixIndex<Address>& index,
              const Statements& statements)
      : table_(table), index_(index), statements_(statements) {}

  absl::StatusOr<bool> Added(const Key<Address>& key,
                             const Statement& statement);
  absl::StatusOr<bool> Removed(const Key<Address>& key,
                               const Statement& statement);
  // One that stayed says something else.
  absl::StatusOr<bool> Changed(const Key<Address>& key, const Statement& old,
                               const Statement& statement);

 private:
  // Whether more than one store would be needed, whatever the table looks like.
  bool ReachesFar(const Key<Address>& key, const Statement& statement) const;

  // The entry for what the index says of the addresses of a prefix.
  absl::StatusOr<std::uint32_t> EntryAt(const Key<Address>& key);
  // What the chunk says of the /24 that holds a prefix, and to say it.
  std::uint32_t PlaceEntry(const Key<Address>& key) const;
  absl::Status WritePlace(const Key<Address>& key, std::uint32_t entry);

  // Prefixes of 16 to 24 bits, in the chunk.
  absl::Status RewriteChunk(const Key<Address>& key);
  // The entry of a place whose background becomes another one.
  absl::StatusOr<std::uint32_t> WithBackground(std::uint32_t place_entry,
                                               std::uint32_t background);

  // Longer ones, in the buckets.
  absl::StatusOr<bool> AddLonger(const Key<Address>& key);
  absl::StatusOr<bool> RemoveLonger(const Key<Address>& key);
  absl::StatusOr<bool> ChangeLonger(const Key<Address>& key);
  void TidyPlace(const Key<Address>& key);

  // Of a /24, or of the first 32 bits of an IPv6 address, whose entry this is:
  // lets look-ups ask for a length; changes what is below it.
  absl::StatusOr<bool> ListLength(const Key<Address>& holder,
                                  std::uint32_t holder_entry, int length);
  absl::Status ChangeHolder(const Key<Address>& holder,
                            std::uint32_t holder_entry,
                            const fw_subtree& subtree);

  // IPv6 prefixes of more than 32 bits: below the entry of the first 32.
  absl::StatusOr<bool> MakeTop(const Key<Address>& key);
  absl::StatusOr<bool> SetBackground(const Key<Address>& top,
                                     std::uint32_t top_entry,
                                     std::uint32_t entry);
  bool HangsDeeper(const Key<Address>& key, std::uint32_t top_entry) const;
  void TidyTop(const Key<Address>& key);

  Generation<Address>& table_;
  const PrefixIndex<Address>& index_;
  const Statements& statements_;
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_TABLE_EDITOR_H_
