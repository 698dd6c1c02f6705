#!/usr/bin/env bash
# Runs every fault of tests/torture for long, and prints a table of what was
# seen. Needs root. Ends with 1 when a check fails. By environment variables:
#   FW_TORTURE_SEED             random choices; default: the day
#   FW_TORTURE_KILLS            default 1000
#   FW_TORTURE_REPLACES         of a long list by another; default 200
#   FW_TORTURE_RESTARTS         and upgrades; default 100
#   FW_TORTURE_RULES            loaded meanwhile; default "10000 100000"
#   FW_TORTURE_ENTRIES          of a set, in their place; default 1000000
#   FW_TORTURE_STOPPED_SECONDS  default 60
#   FW_TORTURE_FAULT_MILLISECONDS  of a failing disk, 20 times; default 2000
#   FW_TORTURE_OFFSETS          of each damaged file; default 0, for all
#   FW_INTERFACE_ROUNDS         an interface made anew; default 200
#   FW_TORTURE_PRESET           what is built and run; default release
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1

preset=${FW_TORTURE_PRESET:-release}
read -r -a rules <<<"${FW_TORTURE_RULES:-10000 100000}"
export FW_TORTURE_SEED=${FW_TORTURE_SEED:-$(date +%Y%m%d)}
export FW_TORTURE_KILLS=${FW_TORTURE_KILLS:-1000}
export FW_TORTURE_REPLACES=${FW_TORTURE_REPLACES:-200}
export FW_TORTURE_RESTARTS=${FW_TORTURE_RESTARTS:-100}
export FW_TORTURE_STOPPED_SECONDS=${FW_TORTURE_STOPPED_SECONDS:-60}
export FW_TORTURE_FAULT_MILLISECONDS=${FW_TORTURE_FAULT_MILLISECONDS:-2000}
export FW_INTERFACE_ROUNDS=${FW_INTERFACE_ROUNDS:-200}
export FW_TORTURE_OFFSETS=${FW_TORTURE_OFFSETS:-0}
export FW_REQUIRE_BPF=1

((EUID == 0)) || { echo "$0: needs root" >&2; exit 1; }
cmake --preset "$preset" >/dev/null || exit 1
cmake --build "build/$preset" --target torture_test damage_test e2e_test || exit 1

log=$(mktemp) || exit 1
damage_log=$(mktemp) || exit 1
damage=
# shellcheck disable=SC2317  # called by trap
finish() {
  [[ -z $damage ]] || kill "$damage" 2>/dev/null
  rm -f "$log" "$damage_log"
}
trap finish EXIT
failed=0

run() {
  local program=$1
  shift
  "build/$preset/tests/$program" "$@" 2>&1 | tee -a "$log" || failed=1
}

# Opens hundreds of thousands of damaged stores, one after the other, which takes
# as long as all the rest, and a processor.
"build/$preset/tests/torture/damage_test" >"$damage_log" 2>&1 &
damage=$!
run e2e/e2e_test --gtest_filter='InterfaceLifeTest.*:SetClockTest.*:StateDiskTest.*:StartupErrorTest.*'
run torture/torture_test --gtest_filter='-RestartTest.*:VersionsTest.*'
for count in "${rules[@]}"; do
  FW_TORTURE_ENTRIES=0 FW_TORTURE_RULES=$count run torture/torture_test --gtest_filter='RestartTest.*'
done
FW_TORTURE_ENTRIES=${FW_TORTURE_ENTRIES:-1000000} run torture/torture_test --gtest_filter='RestartTest.*'

echo "Waiting for the damaged stores."
wait "$damage" || failed=1
damage=
tee -a "$log" <"$damage_log"

printf '\n=== %s, commit %s, seed %s, preset %s\n' "$(date -u +%F)" \
  "$(git rev-parse --short HEAD 2>/dev/null)" "$FW_TORTURE_SEED" "$preset"
sed -n 's/^torture | //p' "$log"
((failed == 0)) && echo "every check passed" || echo "CHECKS FAILED"
exit "$failed"
