# shellcheck shell=bash
# Sourced by deploy/demo.sh and tests/run.sh: what both need of the machine.

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

require_root() {
  [[ $(id -u) == 0 ]] || die "run as root: XDP programs and network namespaces need it"
}

# Mounts the BPF filesystem where there is none: in a fresh mount namespace or
# chroot /sys may be there without it.
bpffs_mounted=no
mount_bpffs() {
  [[ $(stat -f -c %T /sys/fs/bpf 2>/dev/null) == bpf_fs ]] && return
  [[ -d /sys/fs/bpf ]] || die "no /sys/fs/bpf: sysfs is not mounted, or the kernel has no BPF"
  mount -t bpf bpf /sys/fs/bpf || die "cannot mount the BPF filesystem on /sys/fs/bpf"
  bpffs_mounted=yes
  # The kernel puts files of its own into a new one.
  bpffs_content=$(ls -A /sys/fs/bpf)
}

# Takes back a mount of mount_bpffs, unless somebody else has begun to use it.
unmount_bpffs() {
  if [[ $bpffs_mounted == yes && $(ls -A /sys/fs/bpf) == "$bpffs_content" ]]; then
    umount /sys/fs/bpf || true
  fi
}
