#include "agent/store/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

bool IsDirectory(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// A new entry is only durable when its folder is.
absl::Status SyncDirectory(const std::string& path) {
  const util::ScopedFd fd(
      open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid() && fsync(fd.get()) == 0) return absl::OkStatus();
  return util::ErrnoToStatus(errno, absl::StrCat("cannot sync ", path));
}

std::string ParentOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// `path` has no slash at its end.
absl::Status MakeDirectory(const std::string& path, mode_t mode) {
  if (IsDirectory(path)) return absl::OkStatus();
  const std::string parent = ParentOf(path);
  FW_RETURN_IF_ERROR(MakeDirectory(parent, 0755));
  if (mkdir(path.c_str(), mode) == 0) return SyncDirectory(parent);
  const int error = errno;
  if (error == EEXIST && IsDirectory(path)) return absl::OkStatus();
  return util::ErrnoToStatus(
      error, absl::StrCat("cannot make the state directory ", path,
                          " (choose another path or mend its parent)"));
}

std::string HolderOf(int lock) {
  char text[16];
  const ssize_t size = pread(lock, text, sizeof(text), 0);
  int pid = 0;
  if (size <= 0 ||
      !absl::SimpleAtoi(absl::string_view(text, static_cast<std::size_t>(size)),
                        &pid)) {
    return "pid unknown";
  }
  return absl::StrCat("pid ", pid);
}

// For the error of the next agent only, so that failing to write it is no
// reason not to start.
void WritePid(int lock) {
  const std::string text = absl::StrCat(getpid(), "\n");
  if (ftruncate(lock, 0) != 0) return;
  [[maybe_unused]] const ssize_t written =
      pwrite(lock, text.data(), text.size(), 0);
}

absl::StatusOr<util::ScopedFd> Lock(const std::string& directory) {
  const std::string file = absl::StrCat(directory, "/lock");
  util::ScopedFd lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) {
    return util::ErrnoToStatus(errno, absl::StrCat("cannot open ", file));
  }
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return util::ErrnoToStatus(errno, absl::StrCat("cannot lock ", file));
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "the state directory ", directory, " is in use by another fwagent (",
        HolderOf(lock.get()),
        "): stop that one first, or give this one its own directory"));
  }
  WritePid(lock.get());
  return lock;
}

}  // namespace

absl::Status StateDirectory::Sync() const { return SyncDirectory(path_); }

absl::StatusOr<StateDirectory> StateDirectory::Open(const std::string& path) {
  std::string directory = path;
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  if (directory.empty()) {
    return absl::InvalidArgumentError(
        "the path of the state directory is empty: give one, such as "
        "/var/lib/fwagent");
  }
  FW_RETURN_IF_ERROR(MakeDirectory(directory, 0700));
  FW_ASSIGN_OR_RETURN(util::ScopedFd lock, Lock(directory));
  return StateDirectory(std::move(directory), std::move(lock));
}

}  // namespace fwagent::store
