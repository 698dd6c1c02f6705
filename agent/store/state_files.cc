#include "agent/store/state_files.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/util/errno_status.h"
#include "agent/util/scoped_fd.h"
#include "agent/util/status_macros.h"

namespace fwagent::store {
namespace {

// SQLite's files beside a database, the log first: without its log a file may
// be an older state, but is never taken for another's.
constexpr const char* kSuffixes[] = {"-wal", "-shm", ""};

// The name of what takes the place of the state file says how that is called
// from then on.
struct Replacement {
  const char* suffix;
  const char* aside;
};
constexpr Replacement kReplacements[] = {{".recovered", "damaged"},
                                         {".older", "newer"}};

const Replacement& ReplacementOf(Replaced why) {
  return kReplacements[why == Replaced::kDamaged ? 0 : 1];
}

bool Exists(const std::string& file) {
  struct stat info {};
  return lstat(file.c_str(), &info) == 0;
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return util::ErrnoToStatus(errno,
                             absl::StrCat("cannot rename ", from, " to ", to));
}

absl::Status Sync(const std::string& file) {
  const util::ScopedFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.valid() && fsync(fd.get()) == 0) return absl::OkStatus();
  return util::ErrnoToStatus(errno, absl::StrCat("cannot sync ", file));
}

// "<file>.<as>-20260131T235959Z", with a number behind it where that is taken.
std::string NameAside(const std::string& file, const std::string& as) {
  const std::string name = absl::StrCat(
      file, ".", as, "-",
      absl::FormatTime("%Y%m%dT%H%M%SZ", absl::Now(), absl::UTCTimeZone()));
  std::string free = name;
  for (int i = 2; Exists(free); ++i) free = absl::StrCat(name, ".", i);
  return free;
}

absl::Status Finish(const Replacement& replacement,
                    const StateDirectory& directory) {
  const std::string file = StateFile(directory);
  const std::string with = file + replacement.suffix;
  if (!Exists(with)) return absl::OkStatus();
  const std::string aside = NameAside(file, replacement.aside);
  for (const char* suffix : kSuffixes) {
    if (!Exists(file + suffix)) continue;
    FW_RETURN_IF_ERROR(Rename(file + suffix, aside + suffix));
    spdlog::warn("{}{} is {}{} now", file, suffix, aside, suffix);
  }
  FW_RETURN_IF_ERROR(Rename(with, file));
  return directory.Sync();
}

}  // namespace

std::string StateFile(const StateDirectory& directory) {
  return directory.path() + "/fwagent.db";
}

std::string CopyFile(const StateDirectory& directory) {
  return StateFile(directory) + ".copy";
}

std::string SchemaCopyFile(const std::string& file, std::int64_t version) {
  return absl::StrCat(file, ".schema-", version);
}

std::optional<std::string> NewestSchemaCopy(const std::string& file,
                                            std::int64_t version) {
  for (; version > 0; --version) {
    std::string copy = SchemaCopyFile(file, version);
    if (Exists(copy)) return copy;
  }
  return std::nullopt;
}

std::string UnfinishedFile(const std::string& file) { return file + ".new"; }

void RemoveWithLog(const std::string& file) {
  for (const char* suffix : kSuffixes) unlink((file + suffix).c_str());
}

absl::Status RenameDurably(const std::string& from, const std::string& to,
                           const StateDirectory& directory) {
  FW_RETURN_IF_ERROR(Sync(from));
  FW_RETURN_IF_ERROR(Rename(from, to));
  return directory.Sync();
}

std::optional<absl::Time> TimeOf(const std::string& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return std::nullopt;
  return absl::TimeFromTimespec(info.st_mtim);
}

absl::Status ReplaceStateFile(Replaced why, const std::string& with,
                              const StateDirectory& directory) {
  FW_RETURN_IF_ERROR(RenameDurably(
      with, StateFile(directory) + ReplacementOf(why).suffix, directory));
  return FinishReplacement(directory);
}

absl::Status FinishReplacement(const StateDirectory& directory) {
  for (const Replacement& replacement : kReplacements) {
    FW_RETURN_IF_ERROR(Finish(replacement, directory));
  }
  return absl::OkStatus();
}

absl::Status MoveAside(const std::string& file, const std::string& as,
                       const StateDirectory& directory) {
  if (!Exists(file)) return absl::OkStatus();
  const std::string aside = NameAside(file, as);
  FW_RETURN_IF_ERROR(Rename(file, aside));
  spdlog::warn("{} is {} now", file, aside);
  return directory.Sync();
}

}  // namespace fwagent::store
