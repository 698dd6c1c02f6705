// The rows of sets.
#ifndef FWAGENT_AGENT_STORE_SET_ROWS_H_
#define FWAGENT_AGENT_STORE_SET_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/policy/named_set.h"
#include "agent/store/entry_clock.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_statement.h"
#include "agent/store/store.h"

namespace fwagent::store {

// A row for each set, with the sum of the checksums of its chunks; chunks by
// the key of their first entry. To be used inside transactions.
class SetRows {
 public:
  static absl::StatusOr<SetRows> Prepare(SqliteDatabase& database);

  // By which ends are written and read from now on.
  void UseClock(const EntryClock& clock) { clock_ = clock; }

  // Every set. DATA_LOSS names what cannot be read. Adds the checksums of the
  // sets' rows to `total`.
  absl::StatusOr<policy::SetTable> Load(std::int64_t& total);

  // Returns by how much the sum of the checksums of the sets' rows grows.
  absl::StatusOr<std::int64_t> Apply(const SetDelta& delta);

 private:
  friend class ChunkEditor;

  struct SetRow {
    policy::SetInfo info;
    std::int64_t chunks_total = 0;
    std::int64_t checksum = 0;
  };

  SetRows() = default;

  absl::Status LoadEntries(policy::RuleId id, std::int64_t chunks_total,
                           policy::SetEntries& entries);
  absl::StatusOr<SetRow> ReadSet(SqliteStatement& row);
  absl::StatusOr<SetRow> FindSet(policy::RuleId id);
  absl::Status DropChunks(SetRow& set);
  absl::Status WriteContent(const policy::SetEntries& entries, SetRow& set);
  absl::Status WriteChunk(const std::vector<policy::SetEntry>& entries,
                          SetRow& set);
  absl::Status DeleteChunk(const std::string& key, SetRow& set);
  absl::Status WriteSet(SetRow& set);

  std::string file_;  // for messages
  EntryClock clock_;
  SqliteStatement read_sets_;
  SqliteStatement find_set_;
  SqliteStatement write_set_;
  SqliteStatement delete_set_;
  SqliteStatement read_chunks_;
  SqliteStatement find_chunk_;
  SqliteStatement next_chunk_;
  SqliteStatement insert_chunk_;
  SqliteStatement delete_chunk_;
  SqliteStatement delete_chunks_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SET_ROWS_H_
