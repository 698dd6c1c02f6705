// How a store is opened, and its copy kept.
#include <utility>

#include "agent/store/new_file.h"
#include "agent/store/schema.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/state_files.h"
#include "agent/store/store_copy.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    const std::string& path) {
  FW_ASSIGN_OR_RETURN(StateDirectory directory, StateDirectory::Open(path));
  return Open(std::make_shared<const StateDirectory>(std::move(directory)));
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    std::shared_ptr<const StateDirectory> directory) {
  FW_RETURN_IF_ERROR(FinishReplacement(*directory));
  FW_RETURN_IF_ERROR(CreateIfMissing(*directory));
  FW_ASSIGN_OR_RETURN(auto store, OpenFile(StateFile(*directory)));
  store->directory_ = std::move(directory);
  return store;
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::OpenFile(
    const std::string& file, const std::atomic<bool>* stop) {
  FW_ASSIGN_OR_RETURN(SqliteDatabase database, SqliteDatabase::Open(file));
  if (stop != nullptr) database.StopWhen(stop);
  FW_RETURN_IF_ERROR(PrepareSchema(database));
  FW_ASSIGN_OR_RETURN(Statements statements, PrepareAll(database));
  FW_ASSIGN_OR_RETURN(SetRows set_rows, SetRows::Prepare(database));
  FW_ASSIGN_OR_RETURN(AnsweredSets answered_sets,
                      AnsweredSets::Prepare(database));
  return std::unique_ptr<SqliteStore>(
      new SqliteStore(std::move(database), std::move(statements),
                      std::move(set_rows), std::move(answered_sets)));
}

SqliteStore::SqliteStore(SqliteDatabase database, Statements statements,
                         SetRows set_rows, AnsweredSets answered_sets)
    : database_(std::move(database)),
      statements_(std::move(statements)),
      set_rows_(std::move(set_rows)),
      answered_sets_(std::move(answered_sets)) {}

void SqliteStore::KeepCopy() {
  if (directory_ == nullptr || copy_keeper_ != nullptr) return;
  copy_keeper_ = std::make_unique<CopyKeeper>(
      absl::Seconds(1), [directory = directory_](const auto& stop) {
        return WriteCopy(*directory, stop);
      });
  const util::MutexLock lock(&mutex_);
  database_.OnWait([keeper = copy_keeper_.get()] { keeper->MakeWay(); });
}

absl::Status SqliteStore::EmptyLog() {
  const util::MutexLock lock(&mutex_);
  return database_.EmptyLog();
}

}  // namespace fwagent::store
