#include "agent/store/sqlite_recovery.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "agent/store/schema.h"
#include "agent/store/state_files.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

absl::Status WriteStore(const std::string& file, const Delta& delta) {
  FW_ASSIGN_OR_RETURN(const auto store, SqliteStore::OpenFile(file));
  FW_RETURN_IF_ERROR(store->Commit(delta));
  FW_RETURN_IF_ERROR(store->Load().status());
  return store->EmptyLog();
}

absl::Status CopyWhole(const std::string& from, const std::string& to,
                       const StateDirectory* keep_in) {
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (error) {
    return util::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot copy ", from, " to ", to));
  }
  FW_ASSIGN_OR_RETURN(const auto store,
                      SqliteStore::OpenFile(to, nullptr, keep_in));
  FW_RETURN_IF_ERROR(store->Load().status());
  return store->EmptyLog();
}

// What was prepared becomes the state file, or is removed.
absl::StatusOr<std::unique_ptr<SqliteStore>> Take(
    Replaced why, const absl::Status& prepared, const std::string& file,
    const std::shared_ptr<const StateDirectory>& directory) {
  if (!prepared.ok()) {
    RemoveWithLog(file);
    return prepared;
  }
  FW_RETURN_IF_ERROR(ReplaceStateFile(why, file, *directory));
  return SqliteStore::Open(directory);
}

// Copies a copy to where it can be tried, and lets it take the place of the
// state file.
absl::StatusOr<std::unique_ptr<SqliteStore>> TakeCopy(
    Replaced why, const std::string& copy,
    const std::shared_ptr<const StateDirectory>& directory) {
  const std::string file = UnfinishedFile(StateFile(*directory));
  RemoveWithLog(file);
  // A copy of an older version is written over soon, but for the kept ones.
  const StateDirectory* keep_in =
      why == Replaced::kDamaged ? directory.get() : nullptr;
  return Take(
      why,
      util::WithContext(CopyWhole(copy, file, keep_in),
                        absl::StrCat("the copy ", copy, " cannot be used")),
      file, directory);
}

}  // namespace

std::optional<absl::Time> SqliteRecovery::CopyTime() const {
  return TimeOf(CopyFile(*directory_));
}

absl::StatusOr<std::unique_ptr<Store>> SqliteRecovery::FromDelta(
    const Delta& delta) {
  const std::string file = UnfinishedFile(StateFile(*directory_));
  RemoveWithLog(file);
  FW_ASSIGN_OR_RETURN(
      auto store,
      Take(Replaced::kDamaged, WriteStore(file, delta), file, directory_));
  util::WarnUnlessOk(MoveAside(CopyFile(*directory_), "before", *directory_));
  return store;
}

absl::StatusOr<std::unique_ptr<Store>> SqliteRecovery::FromCopy() {
  const std::string copy = CopyFile(*directory_);
  if (!CopyTime().has_value()) {
    return absl::NotFoundError(absl::StrCat("there is no copy ", copy));
  }
  return TakeCopy(Replaced::kDamaged, copy, directory_);
}

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteRecovery::FromSchemaCopy() {
  const std::string file = StateFile(*directory_);
  const auto copy = NewestSchemaCopy(file, SchemaVersion());
  if (!copy.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("beside ", file, " is no copy of a schema version up to ",
                     SchemaVersion(), " to go back to"));
  }
  auto store = TakeCopy(Replaced::kNewer, *copy, directory_);
  // Without a reason: the state file is not what is damaged.
  if (!store.ok()) {
    return absl::Status(store.status().code(), store.status().message());
  }
  spdlog::warn("{} is that of before the upgrade again ({})", file, *copy);
  return store;
}

}  // namespace fwagent::store
