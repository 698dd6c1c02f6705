#include "agent/store/new_file.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "agent/store/schema.h"
#include "agent/store/sqlite_database.h"
#include "agent/store/sqlite_status.h"
#include "agent/store/state_files.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// SQLite takes a file of one byte for an empty one (os_unix.c, unixFileSize).
bool HasContent(const std::string& file) {
  std::error_code error;
  return std::filesystem::file_size(file, error) > 1 && !error;
}

absl::Status Create(const std::string& file, const StateDirectory& directory) {
  const std::string unfinished = UnfinishedFile(file);
  RemoveWithLog(unfinished);
  {
    FW_ASSIGN_OR_RETURN(SqliteDatabase database,
                        SqliteDatabase::Open(unfinished));
    FW_RETURN_IF_ERROR(PrepareSchema(database));
    FW_RETURN_IF_ERROR(database.EmptyLog());
  }
  return RenameDurably(unfinished, file, directory);
}

}  // namespace

absl::Status CreateIfMissing(const StateDirectory& directory) {
  const std::string file = StateFile(directory);
  if (HasContent(file)) return absl::OkStatus();
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    return DamagedError(file, "it is empty");
  }
  // What cannot be looked at must not be replaced.
  if (error) return OpenError(file, error.value());
  if (HasContent(file + "-wal")) {
    return DamagedError(file, "it is missing, and its log is there");
  }
  if (HasContent(CopyFile(directory))) {
    return DamagedError(file, "it is missing, and its last good copy is there");
  }
  return Create(file, directory);
}

}  // namespace fwagent::store
