# shellcheck shell=bash
# Sourced by deploy/demo.sh and tests/run.sh: what both need of the machine.

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

require_root() {
  [[ $(id -u) == 0 ]] || die "run as root: XDP programs and network namespaces need it"
}

# Mounts the BPF filesystem where there is none; $bpffs_mounted says whether.
# In a fresh mount namespace or chroot /sys may be there without it.
export bpffs_mounted=no
mount_bpffs() {
  [[ $(stat -f -c %T /sys/fs/bpf 2>/dev/null) == bpf_fs ]] && return
  [[ -d /sys/fs/bpf ]] || die "no /sys/fs/bpf: sysfs is not mounted, or the kernel has no BPF"
  mount -t bpf bpf /sys/fs/bpf || die "cannot mount the BPF filesystem on /sys/fs/bpf"
  bpffs_mounted=yes
}
