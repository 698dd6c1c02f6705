#include "agent/dataplane/bpffs.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "agent/dataplane/errors.h"
#include "agent/util/errno_status.h"

namespace fwagent::dataplane {
namespace {

absl::string_view ToAbsl(std::string_view text) {
  return {text.data(), text.size()};
}

absl::Status PinError(int error, const std::string& what) {
  if (error == EPERM || error == EACCES) return NoPermission(what);
  return util::ErrnoToStatus(error, what);
}

// The kernel names the kind of a descriptor in its link under /proc.
PinKind KindOf(int fd) {
  std::error_code error;
  const std::string target =
      std::filesystem::read_symlink(absl::StrCat("/proc/self/fd/", fd), error)
          .string();
  if (absl::StrContains(target, "bpf-map")) return PinKind::kMap;
  if (absl::StrContains(target, "bpf-prog")) return PinKind::kProgram;
  if (absl::StrContains(target, "bpf-link")) return PinKind::kLink;
  return PinKind::kUnknown;
}

}  // namespace

absl::Status CheckBpffs(const std::string& folder) {
  const std::string parent = std::filesystem::path(folder).parent_path();
  struct statfs info {};
  std::string found = folder;
  if (statfs(folder.c_str(), &info) != 0) {
    found = parent;
    if (statfs(parent.c_str(), &info) != 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          "cannot pin in ", folder, ": there is no ", parent,
          "; make it, on a BPF file system (`mount -t bpf bpf /sys/fs/bpf`)"));
    }
  }
  if (static_cast<unsigned long>(info.f_type) != BPF_FS_MAGIC) {
    return absl::FailedPreconditionError(absl::StrCat(
        found,
        " is not on a BPF file system: mount one with `mount -t bpf bpf ",
        parent, "`"));
  }
  if ((static_cast<unsigned long>(info.f_flags) & ST_RDONLY) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the BPF file system at ", found,
        " is mounted read-only here: mount it writable (under systemd, without "
        "ProtectKernelTunables=yes)"));
  }
  return absl::OkStatus();
}

absl::Status MakeFolder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) {
    return absl::OkStatus();
  }
  return PinError(errno, absl::StrCat("make the folder ", folder));
}

absl::StatusOr<util::ScopedFd> LockFolder(const std::string& folder) {
  util::ScopedFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return PinError(errno, absl::StrCat("open ", folder));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) {
    return util::ErrnoToStatus(errno, absl::StrCat("lock ", folder));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the pins in ", folder,
                   " are in use by another fwagent: stop that one first, or "
                   "give this one its own --pin-dir"));
}

bool IsFolder(int fd, const std::string& folder) {
  struct stat opened {};
  struct stat named {};
  return fd >= 0 && fstat(fd, &opened) == 0 &&
         stat(folder.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  auto entry = std::filesystem::directory_iterator(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error && error.value() != ENOENT) {
    return PinError(error.value(), absl::StrCat("list ", folder));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string EncodePinName(std::string_view name) {
  return absl::StrReplaceAll(ToAbsl(name), {{".", "%2e"}, {"%", "%25"}});
}

std::optional<std::string> DecodePinName(std::string_view pin_name) {
  const std::string name =
      absl::StrReplaceAll(ToAbsl(pin_name), {{"%2e", "."}, {"%25", "%"}});
  if (EncodePinName(name) != pin_name) return std::nullopt;
  return name;
}

absl::StatusOr<OpenedPin> OpenPin(const std::string& path) {
  util::ScopedFd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) return PinError(errno, absl::StrCat("open the pin ", path));
  const PinKind kind = KindOf(fd.get());
  return OpenedPin{std::move(fd), kind};
}

absl::Status Pin(int fd, const std::string& path) {
  if (bpf_obj_pin(fd, path.c_str()) == 0) return absl::OkStatus();
  return PinError(errno, absl::StrCat("pin ", path));
}

absl::Status Unpin(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return PinError(errno, absl::StrCat("remove the pin ", path));
}

}  // namespace fwagent::dataplane
