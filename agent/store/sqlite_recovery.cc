#include "agent/store/sqlite_recovery.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "agent/store/sqlite_store.h"
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

absl::Status CopyWhole(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (error) {
    return util::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot copy ", from, " to ", to));
  }
  FW_ASSIGN_OR_RETURN(const auto store, SqliteStore::OpenFile(to));
  FW_RETURN_IF_ERROR(store->Load().status());
  return store->EmptyLog();
}

// What was prepared becomes the state file, or is removed.
absl::StatusOr<std::unique_ptr<Store>> Take(
    const absl::Status& prepared, const std::string& file,
    const std::shared_ptr<const StateDirectory>& directory) {
  if (!prepared.ok()) {
    RemoveWithLog(file);
    return prepared;
  }
  FW_RETURN_IF_ERROR(ReplaceStateFile(file, *directory));
  FW_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                      SqliteStore::Open(directory));
  return store;
}

}  // namespace

std::optional<absl::Time> SqliteRecovery::CopyTime() const {
  return TimeOf(CopyFile(*directory_));
}

absl::StatusOr<std::unique_ptr<Store>> SqliteRecovery::FromDelta(
    const Delta& delta) {
  const std::string file = UnfinishedFile(StateFile(*directory_));
  RemoveWithLog(file);
  FW_ASSIGN_OR_RETURN(auto store,
                      Take(WriteStore(file, delta), file, directory_));
  util::WarnUnlessOk(MoveAside(CopyFile(*directory_), "before", *directory_));
  return store;
}

absl::StatusOr<std::unique_ptr<Store>> SqliteRecovery::FromCopy() {
  const std::string copy = CopyFile(*directory_);
  if (!CopyTime().has_value()) {
    return absl::NotFoundError(absl::StrCat("there is no copy ", copy));
  }
  const std::string file = UnfinishedFile(StateFile(*directory_));
  RemoveWithLog(file);
  return Take(
      util::WithContext(CopyWhole(copy, file),
                        absl::StrCat("the copy ", copy, " cannot be used")),
      file, directory_);
}

}  // namespace fwagent::store
