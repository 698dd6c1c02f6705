#include "agent/service/policy_files.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/document/policy_text.h"
#include "agent/service/policy_service.h"
#include "agent/util/memory.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

// So many looks are between two tries of what may be accepted later.
constexpr int kWaits = 10;

// Another text, or another file of this name, looks otherwise; so does one
// behind a symbolic link that was put elsewhere. Empty: there is none.
std::string LookOf(const std::string& path) {
  struct stat what {};
  if (stat(path.c_str(), &what) != 0 || !S_ISREG(what.st_mode)) return "";
  return absl::StrCat(what.st_dev, ":", what.st_ino, ":", what.st_size, ":",
                      what.st_mtim.tv_sec, ".", what.st_mtim.tv_nsec, ":",
                      what.st_ctim.tv_sec, ".", what.st_ctim.tv_nsec);
}

std::string LookOfAll(const std::string& path,
                      const std::vector<std::string>& lists) {
  std::string look = LookOf(path);
  if (look.empty()) return look;
  for (const std::string& list : lists) {
    absl::StrAppend(&look, " ", LookOf(list));
  }
  return look;
}

bool IsDocumentName(const std::string& name) {
  return !absl::StartsWith(name, ".") &&
         (absl::EndsWith(name, ".yaml") || absl::EndsWith(name, ".yml") ||
          absl::EndsWith(name, ".json"));
}

// What is wrong with a document itself stays wrong until somebody changes it.
bool MayPass(const absl::Status& status) {
  return !absl::IsInvalidArgument(status) && !absl::IsNotFound(status);
}

// An error of the agent with the place in the file that it is about.
absl::Status WithPlace(const absl::Status& status,
                       const document::PolicyText& policy) {
  const std::string message(status.message());
  const std::size_t end = message.find(": ");
  const std::string place = policy.PlaceOf(message.substr(0, end));
  if (place.empty() || end == std::string::npos) return status;
  return {status.code(), absl::StrCat(place, message.substr(end))};
}

}  // namespace

std::vector<std::string> PolicyFiles::Expand() const {
  std::set<std::string> files;
  for (const std::string& path : paths_) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.insert(path);
      continue;
    }
    for (std::filesystem::directory_iterator entry(path, error), end;
         !error && entry != end; entry.increment(error)) {
      if (IsDocumentName(entry->path().filename().string()) &&
          !entry->is_directory(error)) {
        files.insert(entry->path().string());
      }
    }
  }
  return {files.begin(), files.end()};
}

void PolicyFiles::Look() {
  const util::MutexLock lock(&mutex_);
  std::vector<std::string> paths = Expand();
  // Also those that were there, to say that they are gone.
  for (const auto& [path, file] : files_) {
    if (!std::binary_search(paths.begin(), paths.end(), path)) {
      paths.push_back(path);
      std::sort(paths.begin(), paths.end());
    }
  }
  for (const std::string& path : paths) {
    File& file = files_[path];
    file.report.path = path;
    LookAt(path, file);
  }
  std::erase_if(files_, [this](const auto& entry) {
    mutex_.AssertHeld();
    return IsForgotten(entry.first, entry.second);
  });
}

// A file that is gone, and of whose owners there is nothing left, or who have
// another file now.
bool PolicyFiles::IsForgotten(const std::string& path, const File& file) const {
  if (!file.seen.empty() ||
      std::find(paths_.begin(), paths_.end(), path) != paths_.end()) {
    return false;
  }
  const auto& owners = file.report.owners;
  return std::all_of(owners.begin(), owners.end(), [&](const auto& owner) {
    mutex_.AssertHeld();
    return !CheckOwners(path, {owner}).ok() || !engine_->Owns(owner);
  });
}

void PolicyFiles::LookAt(const std::string& path, File& file) {
  const std::string look = LookOfAll(path, file.lists);
  const bool settled = look == file.seen;
  file.seen = look;
  if (look.empty()) {
    file.tried.clear();
    const bool was_applied = !file.report.owners.empty();
    Say(file, was_applied
                  ? absl::StrCat("the file is gone; what it said stays in "
                                 "force: to take that away apply a document "
                                 "with its owner alone (",
                                 absl::StrJoin(file.report.owners, ", "), ")")
                  : "there is no such file");
    return;
  }
  if (!settled) return;
  if (look == file.tried) {
    if (!file.retry || ++file.waits < kWaits) return;
  }
  file.waits = 0;
  const absl::Status applied = Apply(path, file);
  // The lists that it names may be others now.
  file.seen = file.tried = LookOfAll(path, file.lists);
  file.retry = !applied.ok() && MayPass(applied);
  Say(file, applied.ok() ? "" : std::string(applied.message()));
}

absl::Status PolicyFiles::Apply(const std::string& path, File& file) {
  document::ReadOptions options;
  options.now = engine_->Now().wall;
  FW_ASSIGN_OR_RETURN(const document::PolicyText policy,
                      document::ReadPolicyFile(path, options));
  file.lists = policy.files;
  FW_RETURN_IF_ERROR(CheckOwners(path, policy.owners));
  PolicyImport import = ImportFor(*engine_);
  v1::ApplyPolicyRequest header;
  header.mutable_header();
  FW_RETURN_IF_ERROR(import.Take(header));
  for (const v1::ApplyPolicyRequest& part : policy.parts) {
    const absl::Status taken = import.Take(part);
    if (!taken.ok()) return WithPlace(taken, policy);
  }
  FW_ASSIGN_OR_RETURN(core::Change change, std::move(import).Finish());
  change.origin = absl::StrCat("file ", path);
  change.lifelines = lifelines_();
  const auto applied = ApplyPolicy(*engine_, change, 0);
  if (!applied.ok()) return WithPlace(applied.status(), policy);
  for (const v1::PolicyWarning& warning : applied->warnings()) {
    spdlog::warn("{}: {} (see {})", policy.PlaceOf(warning.field()),
                 warning.text(), policy.PlaceOf(warning.other_field()));
  }
  file.report.owners = policy.owners;
  file.report.applied = options.now;
  file.report.generation = applied->generation();
  util::ReturnFreeMemory();
  spdlog::info("{}: in force, generation {}", path, applied->generation());
  return absl::OkStatus();
}

absl::Status PolicyFiles::CheckOwners(
    const std::string& path, const std::vector<std::string>& owners) const {
  for (const auto& [other, file] : files_) {
    if (other == path || file.seen.empty()) continue;
    for (const std::string& owner : file.report.owners) {
      if (std::find(owners.begin(), owners.end(), owner) == owners.end()) {
        continue;
      }
      return absl::FailedPreconditionError(absl::StrCat(
          path, ": ", other, " is the document of the owner ", owner,
          ": put both into one, or give one another owner"));
    }
  }
  return absl::OkStatus();
}

void PolicyFiles::Say(File& file, std::string trouble) {
  if (trouble == file.report.trouble) return;
  if (!trouble.empty()) {
    spdlog::error("{}: {}: {}", file.report.path,
                  file.report.owners.empty() ? "not in force"
                                             : "the last good one stays in "
                                               "force",
                  trouble);
  }
  file.report.trouble = std::move(trouble);
}

std::vector<PolicyFileReport> PolicyFiles::Reports() const {
  const util::MutexLock lock(&mutex_);
  std::vector<PolicyFileReport> reports;
  for (const auto& [path, file] : files_) reports.push_back(file.report);
  return reports;
}

}  // namespace fwagent::service
