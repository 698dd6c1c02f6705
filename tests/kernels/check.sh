#!/bin/sh
# Runs on the kernel under test, in a virtual machine or on this one: starts the
# agent, runs the test programs, and reports on descriptor 3, a line each:
#   agent CAPABILITIES PROGRAM            the XDP program that guards fw0
#   refused CAPABILITIES WHY              the agent's last words instead
#   tests PROGRAM CAPABILITIES PASSED FAILED SKIPPED
#   failed PROGRAM CAPABILITIES TEST
#   end RELEASE                           nothing was left out
# usage: check.sh BUILD_FOLDER, with /sys/fs/bpf mounted and network devices
# that may be added to.
set -u
build=$1
scratch=$(mktemp -d)
export FW_REQUIRE_BPF=1
# shellcheck source=tests/kernels/programs.sh
. "$(dirname "$0")/programs.sh"

report() { echo "$*" >&3; }

# Whether the kernel is at least this one.
kernel_is_since() {
  [ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]
}

# Before, verifiers without CAP_PERFMON give up on the ordered rules.
few_capabilities() {
  if kernel_is_since 6.12; then echo bpf,net_admin; else echo bpf,net_admin,perfmon; fi
}

# Runs a command with all capabilities or with a list of them only.
with_capabilities() {
  list=$1
  shift
  case $list in
    all) exec "$@" ;;
    *) exec setpriv --inh-caps=-all --bounding-set="-all,+$(echo "$list" | sed 's/,/,+/g')" "$@" ;;
  esac
}

# --- The agent ---------------------------------------------------------------

# Waits three minutes for the agent of a process id to log that it is. The
# verifier takes half a minute where a virtual machine is emulated.
wait_until_ready() {
  tries=1800
  while [ $tries -gt 0 ] && kill -0 "$1" 2>/dev/null; do
    if grep -q ' ready$' "$2"; then return 0; fi
    sleep 0.1
    tries=$((tries - 1))
  done
  return 1
}

xdp_program_of() {
  ip -d link show "$1" | sed -n 's/.*prog\/xdp id [0-9]* name \([^ ]*\).*/\1/p'
}

check_agent() {
  log=$scratch/agent-$1.log
  : >"$log"
  ip link add fw0 type veth peer name fw1
  (with_capabilities "$1" "$build/$agent_program" --config /dev/null --interface fw0 --mode native \
    --socket "$scratch/socket" --state-dir "$scratch/state-$1" --pin-dir /sys/fs/bpf/check) >>"$log" 2>&1 &
  agent=$!
  if wait_until_ready $agent "$log"; then
    report agent "$1" "$(xdp_program_of fw0)"
  else
    report refused "$1" "$(tail -n 1 "$log" | cut -c 1-400)"
  fi
  kill $agent 2>/dev/null
  wait $agent
  cat "$log"
  rm -rf /sys/fs/bpf/check
  ip link del fw0
}

# --- The tests ---------------------------------------------------------------

# How many tests GoogleTest says have PASSED, FAILED or SKIPPED.
count_of() { sed -n "s/^\[  $1 *\] \([0-9]*\) tests\{0,1\}[.,].*/\1/p" "$2" | tail -n 1 | grep . || echo 0; }

names_of_failed() { awk '/ FAILED .*listed below/ { listed = 1; next } listed && /FAILED/ { sub(",", "", $4); print $4 }' "$1"; }

# Runs a test program with these capabilities, and of its tests those of a filter.
run_tests() {
  out=$scratch/out.txt
  echo "=== $1, capabilities: $2"
  {
    (with_capabilities "$2" "$build/$1" --gtest_color=no --gtest_filter="$3")
    echo $? >"$scratch/status"
  } 2>&1 | tee "$out"
  status=$(cat "$scratch/status")
  failed=$(count_of FAILED "$out")
  if [ "$status" -ne 0 ] && [ "$failed" = 0 ]; then
    failed=1
    report failed "$1" "$2" "the program itself: it ended with $status"
  fi
  for name in $(names_of_failed "$out"); do report failed "$1" "$2" "$name"; done
  report tests "$1" "$2" "$(count_of PASSED "$out")" "$failed" "$(count_of SKIPPED "$out")"
}

export FW_DIFFERENTIAL_FRAMES=$differential_frames
few=$(few_capabilities)
check_agent all
check_agent "$few"
for program in $test_programs; do run_tests "$program" all "$test_filter"; done
for program in $few_capabilities_programs; do run_tests "$program" "$few" "$few_capabilities_filter"; done
rm -rf "$scratch"
report end "$(uname -r)"
