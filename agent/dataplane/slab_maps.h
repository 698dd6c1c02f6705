// Memory of the source tables, shared with the XDP program.
#ifndef FWAGENT_AGENT_DATAPLANE_SLAB_MAPS_H_
#define FWAGENT_AGENT_DATAPLANE_SLAB_MAPS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/lookup/line_memory.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// Descriptors of the maps that source tables are made of, and of what ordered
// rules keep of packets.
struct SourceMapFds {
  int slabs = -1;    // fw_slabs
  int state = -1;    // the one that holds struct fw_table_state
  int used = -1;     // fw_used
  int hits = -1;     // fw_rule_hits
  int buckets = -1;  // fw_rule_buckets
};

// One memory-mapped array for each slab, all of them in fw_slabs. To open a map
// by its id takes CAP_SYS_ADMIN, so each slab has a pin of its own where the
// filter is to outlive the agent, and a descriptor elsewhere.
class SlabMaps : public lookup::LineMemory {
 public:
  // Finds the slabs of an earlier run; their pins are in `folder`. The
  // descriptors are the caller's and must outlive the object.
  static absl::StatusOr<std::unique_ptr<SlabMaps>> Open(
      const SourceMapFds& fds, const std::string& folder);
  ~SlabMaps() override;

  absl::StatusOr<std::uint32_t> AddSlabs(std::uint32_t count) override;
  absl::Status Connect() override;
  void RemoveSlabs(std::span<const std::uint32_t> slabs) override;
  void WaitForReaders() override;
  fw_table_state* state() override { return state_; }
  __u64* used() override { return used_words_; }

  // Whether all slabs of the earlier run are here to be read.
  bool inherited_is_readable() const { return inherited_is_readable_; }
  // Removes them; no table points to them any more.
  void RemoveInherited();

  // What somebody else did to the slabs: one is not in its place, or lost its
  // pin. Empty: nothing.
  absl::StatusOr<std::string> Damage() const;
  // Changes with anything that readers may read. Takes a millisecond for each
  // ten megabytes or so.
  std::uint64_t Fingerprint() const;

  // Pins every slab, and from now on new ones too; the folder must be there.
  absl::Status Pin();
  absl::Status Unpin();

 private:
  static constexpr std::size_t kUsedBytes = FW_ROOT_WORDS * sizeof(__u64);

  SlabMaps(int slabs_fd, const std::string& folder)
      : slabs_fd_(slabs_fd), folder_(folder), fds_(FW_SLABS), ids_(FW_SLABS) {}

  absl::Status Map(const SourceMapFds& fds);
  absl::Status FindInherited();
  absl::Status Add(std::uint32_t slab);
  // Drops what this process holds of a slab.
  void Release(std::uint32_t slab);
  absl::StatusOr<std::uint32_t> FindEmpty();
  absl::Status MakeEmpty();
  std::string PinPath(std::uint32_t slab) const;
  std::string EmptyPinPath() const;

  const int slabs_fd_;
  const std::string folder_;
  fw_table_state* state_ = nullptr;
  __u64* used_words_ = nullptr;
  // By number; none once there is a pin, so that a million prefixes do not take
  // the descriptors that connections need.
  std::vector<util::ScopedFd> fds_;
  std::vector<std::uint32_t> ids_;  // by number: the kernel's
  std::vector<std::uint32_t> unconnected_;
  std::vector<std::uint32_t> inherited_;
  bool inherited_is_readable_ = true;
  bool pinned_ = false;
  util::ScopedFd empty_;  // takes the place of slabs that are removed
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_SLAB_MAPS_H_
