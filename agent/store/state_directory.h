// The folder with the agent's durable state.
#ifndef FWAGENT_AGENT_STORE_STATE_DIRECTORY_H_
#define FWAGENT_AGENT_STORE_STATE_DIRECTORY_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::store {

// A folder that this process alone uses for as long as the object lives. The
// kernel gives it free when the process dies, however it dies.
class StateDirectory {
 public:
  // Makes the folder (mode 0700) and its parents (0755) where they are missing.
  // FAILED_PRECONDITION when another agent uses it; the text says which.
  static absl::StatusOr<StateDirectory> Open(const std::string& path);

  const std::string& path() const { return path_; }

  // Makes what was created or renamed in it durable.
  absl::Status Sync() const;

 private:
  StateDirectory(std::string path, util::ScopedFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  util::ScopedFd lock_;
};

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_STATE_DIRECTORY_H_
