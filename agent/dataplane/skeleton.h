// The XDP program as compiled into the agent, up to and including its loading.
#ifndef FWAGENT_AGENT_DATAPLANE_SKELETON_H_
#define FWAGENT_AGENT_DATAPLANE_SKELETON_H_

#include <bpf/libbpf.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/packet_options.h"
#include "bpf/fw_table.h"  // for the skeleton
#include "fwagent_xdp.skel.h"

namespace fwagent::dataplane {

struct DestroySkeleton {
  void operator()(fwagent_xdp* skeleton) const {
    fwagent_xdp__destroy(skeleton);
  }
};
using Skeleton = std::unique_ptr<fwagent_xdp, DestroySkeleton>;

// PERMISSION_DENIED unless this process may load XDP programs. Takes a small
// part of the time that loading ours does.
absl::Status CheckMayLoad();

// Which of the programs in the object: they judge alike.
enum class ProgramVariant {
  kFast,    // Linux 5.18 and CAP_PERFMON
  kStrict,  // Linux 5.18, for a verifier that follows mispredicted branches
  kCompat,  // CAP_PERFMON, without frames in several buffers
};

// For this kernel, and what this thread may do. PERMISSION_DENIED.
absl::StatusOr<ProgramVariant> ChooseVariant();

// Not loaded yet.
absl::StatusOr<Skeleton> OpenSkeleton(ProgramVariant variant);

// Before it is loaded.
void SetPacketOptions(const fwagent_xdp* skeleton,
                      const PacketOptions& packets);

// PERMISSION_DENIED: CAP_BPF or CAP_NET_ADMIN is missing; FAILED_PRECONDITION:
// the kernel does not take it, with the last of what the verifier said.
absl::Status LoadSkeleton(fwagent_xdp* skeleton);

// The program that was loaded.
int ProgramFd(const fwagent_xdp* skeleton);

// A map by its name in the program.
bpf_map* FindMap(const fwagent_xdp* skeleton, const std::string& name);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_SKELETON_H_
