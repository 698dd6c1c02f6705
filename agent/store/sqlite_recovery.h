// The ways back from a state file that is damaged, or too new.
#ifndef FWAGENT_AGENT_STORE_SQLITE_RECOVERY_H_
#define FWAGENT_AGENT_STORE_SQLITE_RECOVERY_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/state_directory.h"
#include "agent/store/store.h"

namespace fwagent::store {

// Works while no SqliteStore of the directory is open.
class SqliteRecovery : public Recovery {
 public:
  explicit SqliteRecovery(std::shared_ptr<const StateDirectory> directory)
      : directory_(std::move(directory)) {}

  std::optional<absl::Time> CopyTime() const override;
  // Also moves the last good copy aside, which is about to be written anew.
  absl::StatusOr<std::unique_ptr<Store>> FromDelta(const Delta& delta) override;
  // The copy is checked before anything is moved.
  absl::StatusOr<std::unique_ptr<Store>> FromCopy() override;

  // From a file of a newer agent to the copy that was kept before an upgrade
  // (see schema_copy.h), of the newest version that this agent knows.
  // NOT_FOUND: there is none. On error nothing was moved, or the next start
  // finishes it.
  absl::StatusOr<std::unique_ptr<SqliteStore>> FromSchemaCopy();

 private:
  const std::shared_ptr<const StateDirectory> directory_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_SQLITE_RECOVERY_H_
