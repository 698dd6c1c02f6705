#!/usr/bin/env bash
# A list of a million prefixes, from a file to disk and kernel, beside nftables
# and ipset with the same list. Needs root, and a release build of fwagent and
# fwctl (run.sh makes it); all of it happens in network and mount namespaces of
# its own.
#   import_bench.sh [--quick]
# Prints seconds by the wall clock, medians of three rounds (one with --quick),
# and the agent's resident memory.
set -euo pipefail

prefixes=1000000
rounds=3
[[ ${1-} != --quick ]] || rounds=1
# shellcheck source=tests/bench/common.sh
source "$(dirname "$(readlink -f "$0")")/common.sh"

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
