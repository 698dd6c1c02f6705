// Changes of some entries of a set that has many.
#ifndef FWAGENT_AGENT_STORE_CHUNK_EDITOR_H_
#define FWAGENT_AGENT_STORE_CHUNK_EDITOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/policy/prefix.h"
#include "agent/policy/set_entries.h"
#include "agent/store/set_rows.h"

namespace fwagent::store {

// Holds one chunk at a time; those whose entries change are written anew.
class ChunkEditor {
 public:
  ChunkEditor(SetRows* rows, SetRows::SetRow* set) : rows_(*rows), set_(*set) {}

  // Fastest in the order of entries. INTERNAL: an entry that shall go is not
  // there.
  absl::Status Apply(const policy::SetDifference& difference);

 private:
  absl::Status Erase(const policy::Prefix& prefix);
  absl::Status Put(const policy::SetEntry& entry);

  // Makes the chunk that a prefix belongs in the present one.
  absl::Status MoveTo(const policy::Prefix& prefix);
  absl::Status Read(const std::string& key);
  absl::Status Write();

  SetRows& rows_;
  SetRows::SetRow& set_;
  bool open_ = false;
  bool changed_ = false;
  std::vector<policy::SetEntry> entries_;
  // Entries from `first_` up to `end_` belong in it; empty: as many as there
  // are of the family. The row's own key is empty where there is none yet.
  std::string first_;
  std::string end_;
  std::string key_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_CHUNK_EDITOR_H_
