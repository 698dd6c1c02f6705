#include "agent/store/store_copy.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/store/sqlite_store.h"
#include "agent/store/state_files.h"
#include "agent/util/errno_status.h"
#include "agent/util/scoped_fd.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// Between steps of a megabyte, for whoever waits for the disk or a core.
constexpr absl::Duration kPause = absl::Milliseconds(2);
constexpr int kStepsPerSync = 8;

std::uint64_t SizeOf(const std::string& file) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

// A copy must not be what fills the disk: as much again stays free.
absl::Status CheckRoom(const std::string& file) {
  const std::uint64_t needed = SizeOf(file) + SizeOf(file + "-wal");
  struct statvfs disk {};
  if (statvfs(file.c_str(), &disk) != 0) return absl::OkStatus();
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free >= 2 * needed) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the disk with ", file, " has only ", free >> 10,
                   " KiB free, and a copy takes ", needed >> 10, " KiB"));
}

absl::Status CopyPages(SqliteDatabase& source, const std::string& to,
                       absl::FunctionRef<bool()> go_on) {
  FW_ASSIGN_OR_RETURN(SqliteDatabase target, SqliteDatabase::Open(to));
  // Worth nothing before it is whole, and synced here.
  FW_RETURN_IF_ERROR(
      target.Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"));
  const util::ScopedFd written(open(to.c_str(), O_RDONLY | O_CLOEXEC));
  int steps = 0;
  int sync_error = 0;
  const absl::Status copied = source.CopyTo(target, [&] {
    // In small parts, so that nobody's sync waits behind all of it. The kernel
    // reports a failure once: a later sync would not tell of it.
    if (++steps % kStepsPerSync == 0 && fdatasync(written.get()) != 0) {
      sync_error = errno;
    }
    return sync_error == 0 && go_on();
  });
  if (sync_error == 0) return copied;
  return util::ErrnoToStatus(sync_error, absl::StrCat("cannot sync ", to));
}

absl::Status CheckCopy(const std::string& file, const std::atomic<bool>& stop) {
  FW_ASSIGN_OR_RETURN(const auto copy, SqliteStore::OpenFile(file, &stop));
  FW_RETURN_IF_ERROR(copy->Load().status());
  return copy->EmptyLog();
}

}  // namespace

absl::Status PlaceCopy(
    SqliteDatabase& source, const std::string& copy,
    const StateDirectory& directory, absl::FunctionRef<bool()> go_on,
    absl::FunctionRef<absl::Status(const std::string& file)> check) {
  const std::string unfinished = UnfinishedFile(copy);
  RemoveWithLog(unfinished);
  absl::Status status = CopyPages(source, unfinished, go_on);
  if (status.ok()) status = check(unfinished);
  if (status.ok()) status = RenameDurably(unfinished, copy, directory);
  RemoveWithLog(unfinished);
  return status;
}

absl::Status WriteCopy(const StateDirectory& directory,
                       const std::atomic<bool>& stop) {
  const std::string file = StateFile(directory);
  FW_RETURN_IF_ERROR(CheckRoom(file));
  FW_ASSIGN_OR_RETURN(SqliteDatabase source, SqliteDatabase::Open(file));
  const auto go_on = [&stop] {
    absl::SleepFor(kPause);
    return !stop;
  };
  absl::Status status = PlaceCopy(
      source, CopyFile(directory), directory, go_on,
      [&stop](const std::string& copy) { return CheckCopy(copy, stop); });
  // All rules were in memory a second time.
  malloc_trim(0);
  return status;
}

}  // namespace fwagent::store
