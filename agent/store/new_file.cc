#include "agent/store/new_file.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "agent/store/schema.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_status.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// SQLite takes a file of one byte for an empty one (os_unix.c, unixFileSize).
bool HasContent(const std::string& file) {
  std::error_code error;
  return std::filesystem::file_size(file, error) > 1 && !error;
}

absl::Status Create(const std::string& file, const StateDirectory& directory) {
  const std::string unfinished = file + ".new";
  std::error_code error;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(unfinished + suffix, error);
  }
  {
    FW_ASSIGN_OR_RETURN(SqliteDatabase database,
                        SqliteDatabase::Open(unfinished));
    FW_RETURN_IF_ERROR(PrepareSchema(database));
    FW_RETURN_IF_ERROR(database.Execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  }
  std::filesystem::rename(unfinished, file, error);
  if (!error) return directory.Sync();
  return util::ErrnoToStatus(
      error.value(), absl::StrCat("cannot rename ", unfinished, " to ", file));
}

}  // namespace

absl::Status CreateIfMissing(const std::string& file,
                             const StateDirectory& directory) {
  if (HasContent(file)) return absl::OkStatus();
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    return DamagedError(file, "it is empty");
  }
  // What cannot be looked at must not be replaced.
  if (error) {
    return util::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot look at ", file));
  }
  if (HasContent(file + "-wal")) {
    return DamagedError(file, "it is missing, and its log is there");
  }
  return Create(file, directory);
}

}  // namespace fwagent::store
