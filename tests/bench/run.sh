#!/usr/bin/env bash
# Builds the release and prints every figure of tests/bench. Needs root.
#   run.sh [--quick] [--filter TEXT] [program...]
# --filter keeps the rows, or the rule sets, whose names contain TEXT.
set -euo pipefail
cd "$(dirname "$0")/../.."

options=()
google_options=(--benchmark_counters_tabular=true)
while [[ ${1-} == --* ]]; do
  case $1 in
    --quick)
      options+=(--quick)
      shift
      ;;
    --filter)
      options+=(--filter "$2")
      google_options+=("--benchmark_filter=$2")
      shift 2
      ;;
    *)
      sed -n '2,4s/^# //p' "$0" >&2
      exit 2
      ;;
  esac
done
programs=("$@")
if ((${#programs[@]} == 0)); then
  programs=(lookup_bench update_bench frames_bench packet_bench rpc_bench import_bench policy_bench)
fi

cmake --preset release >/dev/null
targets=()
for program in "${programs[@]}"; do
  [[ $program == import_bench || $program == policy_bench ]] || targets+=("$program")
done
cmake --build build/release --target "${targets[@]}" bare_server fwagent fwctl

for program in "${programs[@]}"; do
  echo "== $program"
  case $program in
    packet_bench | rpc_bench)
      "build/release/tests/bench/$program" "${google_options[@]}"
      ;;
    import_bench | policy_bench)
      # They know no filter.
      "tests/bench/$program.sh" "${options[@]:0:1}"
      ;;
    *)
      "build/release/tests/bench/$program" "${options[@]}"
      ;;
  esac
done
