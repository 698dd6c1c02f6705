// Documents in files, applied whenever they change.
#ifndef FWAGENT_AGENT_SERVICE_POLICY_FILES_H_
#define FWAGENT_AGENT_SERVICE_POLICY_FILES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/core/engine.h"
#include "agent/util/mutex.h"

namespace fwagent::service {

// What became of one file.
struct PolicyFileReport {
  std::string path;
  // Whose documents were last applied.
  std::vector<std::string> owners;
  // When, on the wall clock, and what they led to; of one that never was, the
  // infinite past.
  absl::Time applied = absl::InfinitePast();
  std::uint64_t generation = 0;
  // Why it is not in force as it stands now; else empty.
  std::string trouble;
};

// Looks at files and folders when it is told to. A file is applied when it was
// found the same twice in a row, so that none is read while it is written; the
// last good one stays in force when it is broken, or gone. Thread-safe.
class PolicyFiles {
 public:
  using LifelinesOfHost = std::function<std::vector<core::Lifeline>()>;

  // `paths`: files, and folders of which the files named *.yaml, *.yml and
  // *.json count. `engine` must outlive it.
  PolicyFiles(core::Engine* engine, std::vector<std::string> paths,
              LifelinesOfHost lifelines)
      : engine_(engine),
        paths_(std::move(paths)),
        lifelines_(std::move(lifelines)) {}

  void Look();
  // In order of path.
  std::vector<PolicyFileReport> Reports() const;

 private:
  struct File {
    PolicyFileReport report;
    // What it, and the lists that it names, looked like.
    std::string seen;
    std::string tried;
    std::vector<std::string> lists;
    // How often it was looked at since it was refused for what may pass.
    int waits = 0;
    bool retry = false;
  };

  std::vector<std::string> Expand() const;
  void LookAt(const std::string& path, File& file)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Apply(const std::string& path, File& file)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Another file has a document of one of these owners.
  absl::Status CheckOwners(const std::string& path,
                           const std::vector<std::string>& owners) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsForgotten(const std::string& path, const File& file) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Say(File& file, std::string trouble)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  core::Engine* const engine_;
  const std::vector<std::string> paths_;
  const LifelinesOfHost lifelines_;
  mutable util::Mutex mutex_;
  std::map<std::string, File> files_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_POLICY_FILES_H_
