// The maps that every instance of the XDP program shares, and those instances.
#ifndef FWAGENT_AGENT_DATAPLANE_SHARED_MAPS_H_
#define FWAGENT_AGENT_DATAPLANE_SHARED_MAPS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/packet_options.h"
#include "agent/dataplane/slab_maps.h"
#include "agent/util/scoped_fd.h"

struct fwagent_xdp;

namespace fwagent::dataplane {

// Owns descriptors of the maps. Pins keep the same maps, with what is in them,
// for the next run; they are there while an interface is guarded.
class SharedMaps {
 public:
  // Takes the maps that are pinned in `folder` and makes the rest. Nothing is
  // pinned yet.
  // FAILED_PRECONDITION: a pin is not what this version would have made, or
  // the kernel cannot run the program. PERMISSION_DENIED: capabilities lack.
  static absl::StatusOr<SharedMaps> Open(const std::string& folder);

  // Whether all of them were pinned.
  bool inherited() const { return inherited_; }

  // Pins what is not pinned yet; the folder must be there.
  absl::Status Pin() const;
  absl::Status Unpin() const;

  // Loads an instance of the program that counts in this slot.
  absl::StatusOr<util::ScopedFd> LoadProgram(
      std::uint32_t slot, const PacketOptions& packets) const;

  // Descriptors, valid as long as this object.
  SourceMapFds sources() const {
    return {fd("fw_slabs"), fd("fw_sources"), fd("fw_used")};
  }
  int ports() const { return fd("fw_ports"); }
  int counters() const { return fd("fw_counters"); }
  int slots() const { return fd("fw_slots"); }

 private:
  explicit SharedMaps(const std::string& folder) : folder_(folder) {}

  int fd(const char* name) const { return fds_.at(name).get(); }
  std::string PinPath(const std::string& name) const;
  absl::Status OpenPinned();
  absl::Status MakeMissing();
  absl::Status Share(const fwagent_xdp* skeleton) const;

  std::string folder_;
  bool inherited_ = false;
  std::map<std::string, util::ScopedFd> fds_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_SHARED_MAPS_H_
