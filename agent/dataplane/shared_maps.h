// The maps that every instance of the XDP program shares, and those instances.
#ifndef FWAGENT_AGENT_DATAPLANE_SHARED_MAPS_H_
#define FWAGENT_AGENT_DATAPLANE_SHARED_MAPS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/packet_judge.h"
#include "agent/dataplane/packet_options.h"
#include "agent/dataplane/skeleton.h"
#include "agent/dataplane/slab_maps.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// Where the maps are pinned.
struct MapFolders {
  std::string tables;
  std::string counters;  // apart, because they outlive a layout of the tables
  // Where an older version keeps the very same counters. What is there goes
  // first: that version guards now, or did so last.
  std::string older_counters;
};

// Owns descriptors of the maps. Pins keep the same maps, with what is in them,
// for the next run; they are there while an interface is guarded.
class SharedMaps {
 public:
  // Takes the maps that are pinned there and makes the rest. Nothing is pinned
  // yet.
  // FAILED_PRECONDITION: a pin is not what this version would have made, or
  // the kernel cannot run the program. PERMISSION_DENIED: capabilities lack.
  static absl::StatusOr<SharedMaps> Open(const MapFolders& folders);

  // Whether all of them were pinned.
  bool inherited() const { return inherited_; }

  // Pins what is not pinned yet; the folders must be there.
  absl::Status Pin() const;
  absl::Status Unpin() const;

  // Loads an instance of the program that counts in this slot.
  absl::StatusOr<util::ScopedFd> LoadProgram(
      std::uint32_t slot, const PacketOptions& packets) const;

  // Loads an instance that counts nothing and judges by the tables that come
  // next.
  absl::StatusOr<util::ScopedFd> LoadTrialProgram() const;

  // Loads one that judges by the tables in force as the interface with this
  // slot does, with counters and a memory of fragments of its own.
  absl::StatusOr<JudgingProgram> LoadJudgingProgram(
      std::uint32_t slot, const PacketOptions& packets) const;

  // Descriptors, valid as long as this object.
  SourceMapFds sources() const {
    return {fd("fw_slabs"), fd("fw_tables"), fd("fw_used"), fd("fw_rule_hits"),
            fd("fw_rule_buckets")};
  }
  int ports() const { return fd("fw_ports"); }
  int counters() const { return fd("fw_counters"); }
  int slots() const { return fd("fw_slots"); }

 private:
  // Bits of fw_table_state::active that an instance sees turned over, and those
  // that it takes for clear.
  struct Tables {
    std::uint32_t flipped = 0;
    std::uint32_t ignored = 0;
  };

  explicit SharedMaps(const MapFolders& folders) : folders_(folders) {}

  int fd(const char* name) const { return fds_.at(name).get(); }
  std::string PinPath(const std::string& name) const;
  absl::Status OpenPinned();
  void OpenOlderCounters(const fwagent_xdp* skeleton);
  absl::Status PinOne(const std::string& name, int fd) const;
  absl::Status MakeMissing();
  // What an instance is loaded with.
  struct Instance {
    std::uint32_t slot = 0;
    PacketOptions packets;
    Tables tables;
    // What its packets leave behind is its own.
    bool aside = false;
  };
  absl::Status Share(const fwagent_xdp* skeleton, bool aside = false) const;
  absl::StatusOr<Skeleton> Load(const Instance& instance) const;

  MapFolders folders_;
  bool has_older_counters_ = false;
  bool inherited_ = false;
  std::map<std::string, util::ScopedFd> fds_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_SHARED_MAPS_H_
