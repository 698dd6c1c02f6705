// The interfaces that carry our program: attaching, taking over, detaching.
#ifndef FWAGENT_AGENT_DATAPLANE_GUARDED_INTERFACES_H_
#define FWAGENT_AGENT_DATAPLANE_GUARDED_INTERFACES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/data_plane.h"
#include "agent/dataplane/xdp_link.h"
#include "agent/util/mutex.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// A program that is loaded for one interface, and where it counts.
struct LoadedProgram {
  std::shared_ptr<const util::ScopedFd> fd;
  std::uint32_t slot = 0;
};

// One guarded interface. The link is held by this descriptor and by a pin, so
// that neither a crash nor a removed pin opens the filter.
struct Guard {
  std::shared_ptr<const util::ScopedFd> link;
  std::optional<std::uint32_t> slot;  // none: it has no counters
  std::string detail;                 // why not as wanted, else empty
};

// Owns the links. Destruction leaves pins and filters alone. The const methods
// may be called from any thread; of the others one at a time.
class GuardedInterfaces {
 public:
  using Guards = std::map<std::string, Guard>;  // by name of the interface
  using Loader =
      std::function<absl::StatusOr<LoadedProgram>(const std::string&)>;
  using SlotFinder = std::function<absl::StatusOr<std::optional<std::uint32_t>>(
      const std::string&)>;

  // `pin_folder` holds a pin for each interface, named after it. `load` makes
  // the program for an interface by name.
  GuardedInterfaces(std::string pin_folder, Loader load)
      : pin_folder_(std::move(pin_folder)), load_(std::move(load)) {}

  // Takes in the links that an earlier run pinned and that are attached in
  // this network namespace, with the programs they have; removes pins whose
  // devices are gone; leaves every other pin alone.
  absl::Status Adopt(const SlotFinder& find_slot);

  // As in DataPlane; the pin folder must be there.
  absl::StatusOr<AttachResult> Attach(const std::string& interface,
                                      ModePreference preference);
  absl::Status Detach(const std::string& interface);
  absl::Status Forget(const std::string& interface);
  std::vector<InterfaceState> States() const;

  // As DataPlane::Mend, for the pins of links.
  MendReport Mend();

  Guards Snapshot() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  std::string PinPath(const std::string& interface) const;
  absl::Status AdoptPin(const std::string& pin_name,
                        const SlotFinder& find_slot);
  absl::Status ClearPin(const std::string& interface, std::uint32_t ifindex);
  absl::Status MoveAside(const std::string& interface, const XdpLinkInfo& link);
  absl::Status TakeInStrays();
  absl::StatusOr<bool> MendPin(const std::string& interface,
                               const Guard& guard);
  absl::StatusOr<std::string> FindOn(std::uint32_t ifindex) const;
  absl::StatusOr<AttachResult> TakeOver(const std::string& old_name,
                                        const std::string& interface,
                                        ModePreference preference);
  absl::StatusOr<AttachResult> AttachAnew(const std::string& interface,
                                          std::uint32_t ifindex,
                                          ModePreference preference);
  void Insert(const std::string& name, const Guard& guard)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Erase(const std::string& name) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string pin_folder_;
  const Loader load_;
  mutable util::Mutex mutex_;  // never held over a system call
  Guards guards_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_GUARDED_INTERFACES_H_
