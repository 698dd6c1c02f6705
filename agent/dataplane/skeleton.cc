#include "agent/dataplane/skeleton.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/failsafe_image.h"
#include "agent/dataplane/libbpf_log.h"
#include "agent/util/errno_status.h"
#include "agent/util/scoped_fd.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

absl::Status Refused(int error, const std::string& what, const LibbpfLog& log) {
  if (error == EPERM) return NoPermission(what);
  return absl::FailedPreconditionError(absl::StrCat(
      util::ErrnoToStatus(error, what).message(),
      "; the kernel must be 5.10 or newer, with BPF and XDP, and before 6.12 "
      "the agent needs CAP_PERFMON. It said: ",
      log.LastLines()));
}

// Linux 5.18 brought the helper that the main program calls, and with it
// frames in several buffers: jumbo frames in native mode.
bool KernelHasXdpFrags() {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len,
                                 nullptr) == 1;
}

bool ThreadHasPerfmon() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3,
                                  .pid = 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  const auto has = [&data](int capability) {
    return (data[CAP_TO_INDEX(capability)].effective &
            CAP_TO_MASK(capability)) != 0;
  };
  return has(CAP_PERFMON) || has(CAP_SYS_ADMIN);
}

bpf_program* ProgramOf(const fwagent_xdp* skeleton, ProgramVariant variant) {
  switch (variant) {
    case ProgramVariant::kFast:
      return skeleton->progs.fwagent;
    case ProgramVariant::kStrict:
      return skeleton->progs.fwagent_strict;
    case ProgramVariant::kCompat:
      break;
  }
  return skeleton->progs.fwagent_compat;
}

constexpr std::array kVariants = {
    ProgramVariant::kFast, ProgramVariant::kStrict, ProgramVariant::kCompat};

// Makes the skeleton load this one alone. 0, or minus errno.
int Choose(const fwagent_xdp* skeleton, ProgramVariant chosen) {
  for (const ProgramVariant variant : kVariants) {
    bpf_program* program = ProgramOf(skeleton, variant);
    int error = bpf_program__set_autoload(program, variant == chosen);
    if (error == 0 && variant != ProgramVariant::kCompat) {
      error = bpf_program__set_flags(
          program, bpf_program__flags(program) | BPF_F_XDP_HAS_FRAGS);
    }
    if (error != 0) return error;
  }
  return 0;
}

}  // namespace

absl::Status CheckMayLoad() {
  const bpf_insn return_pass[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT}};
  const util::ScopedFd program(bpf_prog_load(BPF_PROG_TYPE_XDP, "fw_check",
                                             "GPL", return_pass, 2, nullptr));
  if (program.valid()) return absl::OkStatus();
  return Refused(errno, "load an XDP program", LibbpfLog());
}

absl::StatusOr<ProgramVariant> ChooseVariant() {
  // Without the right to load programs the probe takes every helper for known.
  FW_RETURN_IF_ERROR(CheckMayLoad());
  if (!KernelHasXdpFrags()) return ProgramVariant::kCompat;
  return ThreadHasPerfmon() ? ProgramVariant::kFast : ProgramVariant::kStrict;
}

absl::StatusOr<Skeleton> OpenSkeleton(ProgramVariant variant) {
  const LibbpfLog log;
  Skeleton skeleton(fwagent_xdp__open());
  if (skeleton == nullptr) return Refused(errno, "read the XDP program", log);
  const int error = Choose(skeleton.get(), variant);
  if (error != 0) return Refused(-error, "choose the XDP program", log);
  skeleton->rodata->fw_is_strict = variant == ProgramVariant::kStrict ? 1 : 0;
  return skeleton;
}

static_assert(policy::kMaxFailsafeEntries == FW_FAILSAFE_ENTRIES);

void SetPacketOptions(const fwagent_xdp* skeleton,
                      const PacketOptions& packets) {
  static_assert(static_cast<int>(Malformed::kAuto) == FW_MALFORMED_AUTO);
  static_assert(static_cast<int>(Malformed::kPass) == FW_MALFORMED_PASS);
  static_assert(static_cast<int>(Malformed::kDrop) == FW_MALFORMED_DROP);
  static_assert(kEssentials[0].bit == FW_ESSENTIAL_NEIGHBORS);
  static_assert(kEssentials[1].bit == FW_ESSENTIAL_ICMP_ERRORS);
  static_assert(kEssentials[2].bit == FW_ESSENTIAL_MULTICAST);
  static_assert(kEssentials[3].bit == FW_ESSENTIAL_DHCP);
  static_assert(kAllEssentials == FW_ESSENTIAL_ALL);
  const bool drops_by_default =
      packets.default_verdict == DefaultVerdict::kDrop;
  // A later fragment of something unknown is nothing that a rule allows.
  const bool drops_undecided =
      drops_by_default ||
      packets.undecided_fragments == UndecidedFragments::kDrop;
  const auto verdict = [](bool drops) {
    return drops ? __u32{FW_VERDICT_DROP} : __u32{FW_VERDICT_PASS};
  };
  skeleton->rodata->fw_options = {
      .malformed = static_cast<std::uint32_t>(packets.malformed),
      .undecided_fragments = verdict(drops_undecided),
      .default_verdict = verdict(drops_by_default),
      .shadow = packets.shadow ? __u32{1} : __u32{0},
      .essential = packets.essential};
  const std::size_t count =
      std::min<std::size_t>(packets.failsafe.size(), FW_FAILSAFE_ENTRIES);
  skeleton->rodata->fw_failsafe_count = static_cast<std::uint32_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    skeleton->rodata->fw_failsafe[i] = FailsafeImage(packets.failsafe[i]);
  }
}

absl::Status LoadSkeleton(fwagent_xdp* skeleton) {
  const LibbpfLog log;
  const int error = fwagent_xdp__load(skeleton);
  if (error == 0) return absl::OkStatus();
  return Refused(-error, "load the XDP program", log);
}

int ProgramFd(const fwagent_xdp* skeleton) {
  for (const ProgramVariant variant : kVariants) {
    const bpf_program* program = ProgramOf(skeleton, variant);
    if (bpf_program__autoload(program)) return bpf_program__fd(program);
  }
  return -1;
}

bpf_map* FindMap(const fwagent_xdp* skeleton, const std::string& name) {
  return bpf_object__find_map_by_name(skeleton->obj, name.c_str());
}

}  // namespace fwagent::dataplane
