# shellcheck shell=bash disable=SC2034,SC2154
# What the benchmarks of whole programs share: sourced by them, with the
# number of prefixes in "prefixes". Needs root, and a release build of fwagent and
# fwctl; everything happens in network and mount namespaces of its own.

root=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
fwagent=$root/build/release/agent/fwagent
fwctl=$root/build/release/client/fwctl

if [[ -z ${FW_BENCH_INSIDE-} ]]; then
  [[ $(id -u) == 0 ]] || { echo "run as root" >&2; exit 1; }
  FW_BENCH_INSIDE=yes exec unshare --net --mount "$0" "$@"
fi

folder=$(mktemp -d)
agent=
finish() {
  [[ -z $agent ]] || stop_agent
  rm -rf "${folder:?}"
}
trap finish EXIT
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
ip link add fwbench type veth peer name fwpeer
ip link set fwbench up
export FWCTL_ADDRESS=unix:$folder/socket

# Half hosts and half /24s, in no order, none inside another, which nftables
# would refuse. $2 changes as many of them.
make_list() {
  python3 - "$1" "$2" "$prefixes" <<'END'
import random, sys
path, changed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dice = random.Random(1)
nets = dice.sample(range(1 << 24), count)
lines = [f"{n >> 16}.{n >> 8 & 255}.{n & 255}." +
         ("0/24" if i % 2 else str(n * 7 % 254 + 1)) for i, n in enumerate(nets)]
for i in range(changed):
    n = nets[i]
    lines[i] = f"{n >> 16}.{n >> 8 & 255}.{n & 255}.255"
dice.shuffle(lines)
open(path, "w").write("\n".join(lines) + "\n")
END
}

# Runs a command here, and leaves in $took how long it was.
time_it() {
  local from=$EPOCHREALTIME
  "$@" >/dev/null
  took=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')
}

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

row() { printf '%-52s %8s\n' "$1" "$2"; }

start_agent() {
  "$fwagent" --interface fwbench --state-dir "$folder/state" --pin-dir /sys/fs/bpf/fwbench \
    --socket "$folder/socket" --log-level error &
  agent=$!
  until "$fwctl" status >/dev/null 2>&1; do
    kill -0 "$agent" || exit 1
    sleep 0.01
  done
}

stop_agent() {
  kill "$agent"
  wait "$agent" || true
  agent=
}

mebibytes() { awk '/VmRSS/ { printf "%.0f MiB", $2 / 1024 }' "/proc/$agent/status"; }
