#include "agent/dataplane/skeleton.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/errors.h"
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
      "; the kernel must be 5.10 or newer, with BPF and XDP. It said: ",
      log.LastLines()));
}

// Linux 5.18 brought the helper that the main program calls, and with it
// frames in several buffers: jumbo frames in native mode.
bool KernelHasXdpFrags() {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len,
                                 nullptr) == 1;
}

// 0, or minus errno.
int ChooseProgram(fwagent_xdp* skeleton) {
  const bool frags = KernelHasXdpFrags();
  bpf_program* main_program = skeleton->progs.fwagent;
  int error = bpf_program__set_autoload(main_program, frags);
  if (error != 0) return error;
  error = bpf_program__set_autoload(skeleton->progs.fwagent_compat, !frags);
  if (error != 0 || !frags) return error;
  return bpf_program__set_flags(
      main_program, bpf_program__flags(main_program) | BPF_F_XDP_HAS_FRAGS);
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

absl::StatusOr<Skeleton> OpenSkeleton() {
  // Without the right to load programs the probe takes every helper for known.
  FW_RETURN_IF_ERROR(CheckMayLoad());
  const LibbpfLog log;
  Skeleton skeleton(fwagent_xdp__open());
  if (skeleton == nullptr) return Refused(errno, "read the XDP program", log);
  const int error = ChooseProgram(skeleton.get());
  if (error != 0) return Refused(-error, "choose the XDP program", log);
  return skeleton;
}

absl::Status LoadSkeleton(fwagent_xdp* skeleton) {
  const LibbpfLog log;
  const int error = fwagent_xdp__load(skeleton);
  if (error == 0) return absl::OkStatus();
  return Refused(-error, "load the XDP program", log);
}

int ProgramFd(const fwagent_xdp* skeleton) {
  const bpf_program* main_program = skeleton->progs.fwagent;
  return bpf_program__fd(bpf_program__autoload(main_program)
                             ? main_program
                             : skeleton->progs.fwagent_compat);
}

bpf_map* FindMap(const fwagent_xdp* skeleton, const std::string& name) {
  return bpf_object__find_map_by_name(skeleton->obj, name.c_str());
}

}  // namespace fwagent::dataplane
