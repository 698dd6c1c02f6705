#include "agent/store/sqlite_status.h"

#include <sqlite3.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "agent/store/store.h"
#include "agent/util/errno_status.h"

namespace fwagent::store {
namespace {

constexpr char kDamaged[] = "STORE_DAMAGED";
constexpr char kDiskFailed[] = "STORE_IO_ERROR";

std::string FileName(sqlite3* connection) {
  const char* name = sqlite3_db_filename(connection, "main");
  return name == nullptr ? "the state file" : name;
}

absl::Status DiskFull(const std::string& file) {
  return util::WithReason(
      absl::ResourceExhaustedError(absl::StrCat(
          "the disk with ", file,
          " is full and nothing was changed: free some space, then retry")),
      "DISK_FULL");
}

absl::Status Unavailable(const std::string& what) {
  return util::WithReason(absl::UnavailableError(what), "STORE_UNAVAILABLE");
}

absl::Status ReadOrWriteFailed(sqlite3* connection, const std::string& file,
                               int system_error) {
  return DiskFailedError(
      file, system_error == 0 ? std::string(sqlite3_errmsg(connection))
                              : std::generic_category().message(system_error));
}

// SQLite only knows ENOSPC as a full disk; quotas and size limits are one to
// the user too.
bool IsFull(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

}  // namespace

absl::Status SqliteStatus(sqlite3* connection, int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) {
    return absl::OkStatus();
  }
  const int system_error = errno;
  const std::string file = FileName(connection);
  switch (code & 0xff) {  // the rest of an extended code is detail
    case SQLITE_FULL:
      return DiskFull(file);
    case SQLITE_IOERR:
      if (IsFull(system_error)) return DiskFull(file);
      return ReadOrWriteFailed(connection, file, system_error);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      if (system_error == EIO) {
        return ReadOrWriteFailed(connection, file, system_error);
      }
      return Unavailable(absl::StrCat(
          "cannot open ", file,
          " for writing: check that it and its folder belong to the agent's "
          "user, and that the file system is not mounted read-only"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable(absl::StrCat("another program keeps ", file,
                                      " locked: close it, then retry"));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DamagedError(file, sqlite3_errmsg(connection));
    case SQLITE_INTERRUPT:
      return absl::CancelledError("given up");
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(
          absl::StrCat("out of memory while using ", file));
    default:
      return absl::InternalError(
          absl::StrCat(file, ": ", sqlite3_errmsg(connection), " (SQLite code ",
                       sqlite3_extended_errcode(connection), ")"));
  }
}

absl::Status DamagedError(const std::string& file, std::string_view what) {
  return util::WithReason(absl::DataLossError(absl::StrCat(
                              file, " is damaged (", std::string(what), ")")),
                          kDamaged);
}

absl::Status DiskFailedError(const std::string& file, std::string_view why) {
  return util::WithReason(
      absl::UnavailableError(absl::StrCat("cannot read or write ", file, " (",
                                          std::string(why),
                                          "): check the disk and the kernel's "
                                          "log")),
      kDiskFailed);
}

absl::Status ContradictionError(std::string_view what) {
  return util::WithReason(
      absl::DataLossError(
          absl::StrCat("the store contradicts itself: ", std::string(what))),
      kDamaged);
}

absl::Status OpenError(const std::string& file, int error) {
  if (error == EIO) {
    return DiskFailedError(file, std::generic_category().message(error));
  }
  return util::ErrnoToStatus(error, absl::StrCat("cannot open ", file));
}

bool IsUnreadable(const absl::Status& status) {
  const std::string reason = util::ReasonOf(status);
  return reason == kDamaged || reason == kDiskFailed;
}

}  // namespace fwagent::store
