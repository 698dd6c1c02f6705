#!/usr/bin/env bash
# A document with a set of a million prefixes, 4,086 ordered rules and 10
# limits, from a file to disk and kernel: with the set in a file of its own, in a
# block of text, and as a list. Needs root, and a release build of fwagent and
# fwctl (run.sh makes it); all of it happens in namespaces of its own.
#   policy_bench.sh [--quick]
# Prints seconds by the wall clock, medians of three rounds (one with --quick),
# and the agent's resident memory.
set -euo pipefail

prefixes=1000000
rounds=3
[[ ${1-} != --quick ]] || rounds=1
# shellcheck source=tests/bench/common.sh
source "$(dirname "$(readlink -f "$0")")/common.sh"

# Five conditions in each of the rules, none like another.
make_rules() {
  python3 - <<'END'
import random
dice = random.Random(2)
print("owner: bench\nrules:")
for i in range(4086):
    port = dice.randrange(1, 60000)
    print(f"  - drop from {dice.randrange(1, 224)}.{dice.randrange(256)}.0.0/16 "
          f"to 198.18.{dice.randrange(256)}.0/24 proto tcp "
          f"dport {dice.randrange(1, 65536)} sport {port}-{port + 100}")
for i in range(1, 11):
    print(f"  - limit from {i}.0.0.0/8 proto udp rate {i}000/second per source")
END
}

make_list "$folder/list" 0
make_list "$folder/list1" $((prefixes / 100))
make_rules >"$folder/rules"
{ cat "$folder/rules"; echo "sets: [{name: list, file: list}]"; } >"$folder/file.yaml"
{ cat "$folder/rules"; echo "sets: [{name: list, file: list1}]"; } >"$folder/changed.yaml"
{
  cat "$folder/rules"
  printf 'sets:\n  - name: list\n    entries: |\n'
  sed 's/^/      /' "$folder/list"
} >"$folder/block.yaml"
{
  cat "$folder/rules"
  printf 'sets:\n  - name: list\n    entries:\n'
  sed 's/^/      - /' "$folder/list"
} >"$folder/list.yaml"

apply() { "$fwctl" apply --timeout 60s -f "$1"; }

declare -A seconds=()
note() { seconds[$1]+="$took "; }

for ((round = 0; round < rounds; round++)); do
  start_agent
  for kind in file block list; do
    time_it apply "$folder/$kind.yaml"
    note "$kind"
    echo "owner: bench" | "$fwctl" apply -f - >/dev/null
  done
  apply "$folder/file.yaml" >/dev/null
  memory=$(mebibytes)
  time_it apply "$folder/file.yaml"
  note same
  time_it apply "$folder/changed.yaml"
  note changed
  time_it "$fwctl" export --owner bench
  note export
  "$fwctl" detach --all >/dev/null
  stop_agent
  rm -rf "$folder/state"
done

# shellcheck disable=SC2086  # a list of numbers
{
  row "fwctl apply, the set in a file (s)" "$(median ${seconds[file]})"
  row "the same in a block of text (s)" "$(median ${seconds[block]})"
  row "the same as a list (s)" "$(median ${seconds[list]})"
  row "again, nothing to change (s)" "$(median ${seconds[same]})"
  row "one in a hundred prefixes another (s)" "$(median ${seconds[changed]})"
  row "fwctl export of all of it (s)" "$(median ${seconds[export]})"
}
row "the agent's memory after it" "$memory"
