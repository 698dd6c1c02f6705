#!/bin/sh
# The first process of the virtual machine: makes the machine usable, runs
# check.sh with its report on the second serial port, and switches off.
set -u
# What busybox does is the last choice: its ip and setpriv can do too little.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/busybox

/busybox/busybox --install -s /busybox
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t bpf bpf /sys/fs/bpf
for module in /modules/*.ko; do
  insmod "$module" || echo "cannot load $module"
done
ip link set lo up
# Before 5.11 the memory of maps counts against this; the systemd unit lifts it.
# shellcheck disable=SC3045
ulimit -l unlimited

stty -F /dev/ttyS1 -onlcr
/check.sh /build 3>/dev/ttyS1
poweroff -f
