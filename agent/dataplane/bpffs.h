// The BPF file system, where maps and links outlive the process.
#ifndef FWAGENT_AGENT_DATAPLANE_BPFFS_H_
#define FWAGENT_AGENT_DATAPLANE_BPFFS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// FAILED_PRECONDITION, with the remedy, unless `folder` or the folder that is
// to hold it is on a writable BPF file system.
absl::Status CheckBpffs(const std::string& folder);

// Makes one folder, readable by its owner alone; there already is fine.
absl::Status MakeFolder(const std::string& folder);

// Keeps other agents out of a folder while the descriptor is open. NOT_FOUND:
// there is no such folder; FAILED_PRECONDITION: another agent is in it.
absl::StatusOr<util::ScopedFd> LockFolder(const std::string& folder);

// Whether this descriptor is of the folder that has this name now: another file
// system may have been mounted over it. False for a descriptor below 0.
bool IsFolder(int fd, const std::string& folder);

// The names in a folder, sorted; none when there is no such folder.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& folder);

// The BPF file system takes no dots in names, and interfaces are called eth0.7:
// '.' is written "%2e" and '%' "%25". Decode gives nullopt for what Encode
// cannot have written.
std::string EncodePinName(std::string_view name);
std::optional<std::string> DecodePinName(std::string_view pin_name);

enum class PinKind { kMap, kProgram, kLink, kUnknown };

// Opens what is pinned at `path`. NOT_FOUND: nothing is.
struct OpenedPin {
  util::ScopedFd fd;
  PinKind kind = PinKind::kUnknown;
};
absl::StatusOr<OpenedPin> OpenPin(const std::string& path);

// ALREADY_EXISTS: something is pinned there.
absl::Status Pin(int fd, const std::string& path);

// OK when nothing is pinned there.
absl::Status Unpin(const std::string& path);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_BPFFS_H_
