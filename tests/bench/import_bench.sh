#!/usr/bin/env bash
# A list of a million prefixes, from a file to disk and kernel, beside nftables
# and ipset with the same list. Needs root, and a release build of fwagent and
# fwctl (run.sh makes it); all of it happens in network and mount namespaces of
# its own.
#   import_bench.sh [--quick]
# Prints seconds by the wall clock, medians of three rounds (one with --quick),
# and the agent's resident memory.
set -euo pipefail

root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
fwagent=$root/build/release/agent/fwagent
fwctl=$root/build/release/client/fwctl
prefixes=1000000
rounds=3
[[ ${1-} != --quick ]] || rounds=1

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

export FWCTL_ADDRESS=unix:$folder/socket
make_list "$folder/list" 0
make_list "$folder/list1" $((prefixes / 100))
{
  echo "table ip bench {"
  echo "  set blocked { type ipv4_addr; flags interval; elements = {"
  sed 's/$/,/' "$folder/list"
  echo "  } }"
  echo "  chain input { type filter hook input priority 0; ip saddr @blocked drop; }"
  echo "}"
} >"$folder/nft"
{
  echo "create bench hash:net maxelem $prefixes hashsize $((prefixes / 2))"
  sed 's/^/add bench /' "$folder/list"
} >"$folder/ipset"

import=() change=() same=() restart=() nft=() ipset=()
for ((round = 0; round < rounds; round++)); do
  start_agent
  time_it "$fwctl" set import list "$folder/list"
  import+=("$took")
  memory=$(mebibytes)
  time_it "$fwctl" set import list "$folder/list"
  same+=("$took")
  time_it "$fwctl" set import list "$folder/list1"
  change+=("$took")
  stop_agent
  time_it start_agent
  restart+=("$took")
  restarted=$(mebibytes)
  "$fwctl" set delete list >/dev/null
  "$fwctl" detach --all >/dev/null
  stop_agent
  rm -rf "$folder/state"
  if command -v nft >/dev/null; then
    time_it nft -f "$folder/nft"
    nft+=("$took")
    nft delete table ip bench
  fi
  if command -v ipset >/dev/null; then
    time_it ipset restore -f "$folder/ipset"
    ipset+=("$took")
    ipset destroy bench
  fi
done

row "$prefixes prefixes" seconds
row "fwctl set import, from nothing" "$(median "${import[@]}")"
row "the same again" "$(median "${same[@]}")"
row "with 1 % other prefixes" "$(median "${change[@]}")"
row "start of the agent with them, until it answers" "$(median "${restart[@]}")"
((${#nft[@]} == 0)) || row "nft -f, from nothing (not on disk)" "$(median "${nft[@]}")"
((${#ipset[@]} == 0)) || row "ipset restore, from nothing (not on disk)" "$(median "${ipset[@]}")"
row "agent's resident memory after the import" "$memory"
row "after a restart" "$restarted"
